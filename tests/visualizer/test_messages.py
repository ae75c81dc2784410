"""Messages when a run ends: once each, to real local servers, tried again where they fail."""
import socket
import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller

from visualizer.extensions import db
from visualizer.models import FileMeta, Run, now
from visualizer.operations import messages, users
from visualizer.web_hook import NotSentError


class Mailbox:
    """What the mail server does with what it gets: keeps it, or refuses the recipient."""

    def __init__(self):
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def mailbox(app):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Mailbox(), "127.0.0.1", port)
    controller.start()
    app.config.update(SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_SECURITY="none")
    app.config["PUBLIC_URL"] = "https://lab.example/"
    yield controller.handler
    controller.stop()


@pytest.fixture
def posted(monkeypatch):
    """What goes to web hooks."""
    calls = []
    monkeypatch.setattr(messages, "post", lambda url, content, allowed: calls.append((url, content)))
    return calls


def end_run(state="finished", reason="", name="mnist.py"):
    """A run of annie's that ended now, after 75 seconds."""
    annie = users.find_user("annie")
    file = db.session.scalar(db.select(FileMeta).filter_by(owner_id=annie.id, filename=name))
    file = file or FileMeta(owner=annie, filename=name, name_key=name)
    times = {"started": now() - timedelta(seconds=75), "ended": now()}
    run = Run(file=file, state=state, reason=reason, exit_code=0, **times)
    db.session.add(run)
    db.session.commit()
    return run


def test_mail_arrives_with_how_it_ended_and_where_to_look(app, annie, mailbox):
    form = {"way": "mail", "mail": "annie@example.org"}
    assert annie.post("/account/messages", data=form).status_code == 302
    assert "tells annie here" in mailbox.mails.pop()[1]
    with app.app_context():
        end_run("failed", "Exit code 1.")
        assert messages.send_due() == 1 and messages.send_due() == 0
    (to, mail), = mailbox.mails
    assert to == ["annie@example.org"]
    assert "Subject: mnist.py has failed." in mail
    assert "Exit code 1." in mail and "It ran for 0:01:15." in mail
    assert "https://lab.example/uploads/mnist.py" in mail


def test_a_web_hook_gets_a_text_and_the_facts(app, annie, posted):
    url = "https://hooks.example/annie"
    assert annie.post("/account/messages", data={"way": "web_hook", "web_hook": url}).status_code == 302
    with app.app_context():
        run = end_run("stopped", "Limit on time: 1 h.")
        messages.send_due()
        assert run.messaged
    first, (to, content) = posted
    assert first[0] == to == url and "tells annie here" in first[1]["text"]
    assert content["text"] == content["content"] == "mnist.py was stopped. Limit on time: 1 h.\nIt ran for 0:01:15."
    assert (content["file"], content["state"], content["exit_code"]) == ("mnist.py", "stopped", 0)


def test_runs_that_ended_before_are_not_told_nor_those_that_run(app, posted):
    with app.app_context():
        end_run()
        end_run("running", name="other.py")
        messages.choose(users.find_user("annie"), "web_hook", "https://hooks.example/")
        posted.clear()
        assert messages.send_due() == 0 and not posted


def test_what_fails_is_tried_again_later_told_on_the_page_and_given_up(app, annie, posted, monkeypatch):
    with app.app_context():
        messages.choose(users.find_user("annie"), "web_hook", "https://hooks.example/")
        run = end_run()

        def refuse(*arguments):
            raise NotSentError("hooks.example did not answer.")

        monkeypatch.setattr(messages, "post", refuse)
        assert messages.send_due() == 1
        assert messages.send_due() == 0  # not before its pause is over
        assert "could not be told: hooks.example did not answer." in annie.get("/account").text
        tries = 1
        for _ in range(10):
            run.message_tried = now() - timedelta(hours=3)
            db.session.commit()
            tries += messages.send_due()
        assert tries == 5 and not run.messaged


def test_it_arrives_at_a_later_try_and_the_problem_goes(app, posted):
    with app.app_context():
        user = users.find_user("annie")
        messages.choose(user, "web_hook", "https://hooks.example/")
        run = end_run()
        run.message_tries, run.message_tried = 1, now() - timedelta(minutes=2)
        user.message_problem = "It did not answer."
        db.session.commit()
        assert messages.send_due() == 1
        assert run.messaged and user.message_problem == ""


def test_servers_that_send_at_the_same_time_send_each_message_once(app, posted):
    with app.app_context():
        messages.choose(users.find_user("annie"), "web_hook", "https://hooks.example/")
        posted.clear()
        for number in range(8):
            end_run(name=f"f{number}.py")
    barrier = threading.Barrier(4)

    def send():
        with app.app_context():
            barrier.wait()
            messages.send_due()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(content["file"] for _, content in posted) == [f"f{number}.py" for number in range(8)]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"way": "mail", "mail": "nobody@example.org"}, "does not take mail to nobody@example.org"),
        ({"way": "mail", "mail": "a@b.org\r\nBcc: c@d.org"}, "This is not a mail address."),
        ({"way": "mail", "mail": "a@b.org, c@d.org"}, "This is not a mail address."),
        ({"way": "mail", "mail": ""}, "This is not a mail address."),
        ({"way": "web_hook", "web_hook": "http://127.0.0.1/"}, "not a host of the internet"),
    ],
)
def test_a_wrong_address_is_told_beside_its_field_and_nothing_changes(app, annie, mailbox, form, sentence):
    answer = annie.post("/account/messages", data=form)
    assert answer.status_code == 422 and sentence in answer.text
    assert not mailbox.mails
    with app.app_context():
        assert users.find_user("annie").message_way == ""


def test_without_a_mail_server_nobody_is_offered_mail(annie):
    assert "Send mail" not in annie.get("/account/messages").text
    assert annie.post("/account/messages", data={"way": "mail", "mail": "a@b.org"}).status_code == 422


def test_nobody_can_send_first_messages_without_end(app, annie, posted):
    app.config["MESSAGES_PER_HOUR"] = 3
    form = {"way": "web_hook", "web_hook": "https://hooks.example/"}
    answers = [annie.post("/account/messages", data=form) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 422]
    assert "You can try 3 addresses in an hour." in answers[3].text and len(posted) == 3


def test_messages_can_be_ended(app, annie, posted):
    with app.app_context():
        messages.choose(users.find_user("annie"), "web_hook", "https://hooks.example/")
    assert annie.post("/account/messages", data={"way": ""}).status_code == 302
    with app.app_context():
        end_run()
        posted.clear()
        assert messages.send_due() == 0 and not posted
