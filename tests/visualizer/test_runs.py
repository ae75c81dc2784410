"""Running through the pages' addresses, with a real process."""
import time


def wait_for_end(client) -> dict:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        run = client.get("/uploads/running").json[-1]
        if "sentence" in run:
            return run
        time.sleep(0.1)
    raise AssertionError(f"still {run}")


def test_a_run_without_an_image_ends_and_is_told_once(annie, mnist):
    assert annie.post("/uploads/mnist.py/run", data={"source": "none"}).status_code == 302
    run = wait_for_end(annie)
    assert (run["state"], run["sentence"]) == ("finished", "mnist.py has finished.")
    assert annie.get("/uploads/mnist.py/output/tail").json["lines"] == ["hello"]
    with annie.get("/uploads/mnist.py/output/download") as download:
        assert download.data == b"hello\n"
    assert annie.post(run["announced_url"]).status_code == 204
    assert annie.get("/uploads/running").json == []


def test_a_new_image_was_meant_but_none_came(annie, mnist):
    answer = annie.post("/uploads/mnist.py/run", data={"source": "new"})
    assert answer.status_code == 422 and "Choose an image, or run without one." in answer.text
    assert annie.get("/uploads/running").json == []


def test_stopping_what_does_not_run_says_so(annie, mnist):
    assert "does not run" in annie.post("/uploads/mnist.py/stop", follow_redirects=True).text
