"""Whatever a user or a script writes is shown as it is and runs nowhere, seen in a real browser."""
import itertools
import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Each tries another place: a tag, a quote of an attribute, the end of a script, a template, Bokeh's own texts.
PAYLOADS = [
    "<img/src=x/onerror=hacked()>", "\"onmouseover='hacked()'x=\"", "'-hacked()-'",
    "</script><script>hacked()</script>",
    "{{7*7}}", "${hacked()}", "javascript:hacked()", "<svg/onload=hacked()>", "</pre></code><b/onclick=hacked()>",
    "$$\\href{javascript:hacked()}{x}$$",
]  # fmt: skip
ALL = " ".join(PAYLOADS)
_numbers = itertools.count(1)
SCRIPT = f'''
"""{ALL}"""
import json, pickle, os, sys
import numpy as np
evil = {json.dumps(ALL)}
payloads = {json.dumps(PAYLOADS)}
os.makedirs("results/history/layer_activations", exist_ok=True)
os.makedirs("results/history/deep_visualization", exist_ok=True)
columns = " ".join(payloads[:4])
open("results/training_progress.txt", "w").write("# progress accuracy loss " + columns + "\\n" + "".join(
    f"{{i / 10}} 0.5 1.0 1 2 3 4\\n" for i in range(20)))
picture = np.arange(128, dtype=np.uint8).reshape(2, 8, 8)
def stage(name, data, details):
    path = f"history/{{name}}/5.pickle"
    for target in (path, f"{{name}}.pickle"):
        pickle.dump(data, open(f"results/{{target}}", "wb"), protocol=4)
    line = dict(technique=name, batch=5, progress=0.5, seconds=0.1, time=1e9, file=path, details=details)
    open("results/stages.jsonl", "a").write(json.dumps(line) + "\\n")
details = {{"layers": {{evil: {{"min": 0, "max": 1}}}}, "left_out": {{evil: evil}}, "class": evil, "classes": [evil],
           "skipped": {{evil: evil}}, "note": evil, "title": evil, "parameters": {{evil: evil}}, "units": [evil]}}
stage("layer_activations", [(p, picture) for p in payloads], details)
colour = np.zeros((8, 8, 3), np.uint8)
stage("deep_visualization", [(colour, p, i, 1.0) for i, p in enumerate(payloads)], details)
json.dump({{evil: evil}}, open("results/deep_visualization.json", "w"))
open("results/saliency_maps.error.txt", "w").write(evil)
open("results/deconvolutional_network.pickle", "wb").write(evil.encode())
os.makedirs("images", exist_ok=True)
open("images/" + payloads[0].replace("/", "_") + ".png", "wb").write(b"x")
print(evil)
print("\\x1b]8;;javascript:hacked()\\x07link\\x1b]8;;\\x07")
raise SystemExit(evil)
'''


@pytest.fixture
def watched(browser, servers, visitor):
    """A page of a user's browser that notes whatever runs or asks to, and the user's client."""
    user = visitor().join(f"victim_{next(_numbers)}")
    context = browser.new_context(base_url=servers.url)
    context.add_cookies([{"name": c.name, "value": c.value, "url": servers.url} for c in user.cookies])
    page, harm = context.new_page(), []
    page.set_default_timeout(20_000)
    page.expose_function("hacked", lambda: harm.append("it ran"))
    page.on("dialog", lambda dialog: (harm.append("a dialog"), dialog.dismiss()))
    ours = (f"http://localhost:{servers.port}/", f"http://localhost:{servers.bokeh_port}/", "blob:", "data:")
    page.on("request", lambda request: None if request.url.startswith(ours) else harm.append(request.url))
    yield page, user, harm
    context.close()


def sweep(page) -> None:
    """Touch everything, as handlers that wait for the mouse would be found."""
    for element in page.locator("[onmouseover], [onerror], [onload], [onclick]").all():
        element.dispatch_event("mouseover")
    assert page.locator("[onmouseover], [onerror], [onload], [onclick], a[href^='javascript']").count() == 0


def test_nothing_that_a_user_wrote_runs(watched):
    page, user, harm = watched
    assert user.upload("evil.py", SCRIPT).status == 302
    assert user.post("/uploads/evil.py/tags", tags=ALL).status == 302
    page.goto("/uploads")
    expect(page.locator(".tag", has_text=PAYLOADS[0])).to_be_visible()
    sweep(page)
    page.goto(f"/uploads?q={PAYLOADS[0]}{PAYLOADS[1]}")
    sweep(page)
    page.goto("/uploads/evil.py")
    expect(page.locator(".source")).to_contain_text(PAYLOADS[0])
    sweep(page)
    answer = user.send_files("/uploads/evil.py/run", {"source": "none"}, "x", [])
    assert answer.status == 302
    page.goto("/")
    banner = page.locator("#banners")
    expect(banner).to_contain_text("evil.py has failed")
    expect(banner).to_contain_text(PAYLOADS[0])
    sweep(page)
    page.goto("/uploads/evil.py")
    expect(page.locator(".state").first).to_have_text("failed")
    sweep(page)
    page.goto("/uploads/evil.py/output")
    expect(page.locator("#output")).to_contain_text(PAYLOADS[3])
    sweep(page)
    for name, shown in {
        "training_progress": "Accuracy",
        "layer_activations": PAYLOADS[0],
        "deep_visualization": PAYLOADS[0],
        "saliency_maps": PAYLOADS[0],
        "deconvolutional_network": "damaged",
    }.items():
        page.goto(f"/uploads/evil.py/{name}?stage={PAYLOADS[0]}")
        if name != "training_progress":
            expect(page.get_by_text(re.compile(re.escape(shown))).first).to_be_visible()
        else:
            expect(page.locator("#visualization canvas").first).to_be_visible()
        sweep(page)
        page.mouse.move(600, 450)
    page.goto("/machine")
    sweep(page)
    assert harm == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_an_address_holds_runs(watched, payload):
    page, _, harm = watched
    for address in ("/uploads?q={}", "/uploads?sort={}&order={}", "/login?next={}", "/uploads/{}", "/{}",
                    "/reset_password/{}", "/uploads/{}/output"):  # fmt: skip
        page.goto(address.format(payload.replace("/", "%2f"), payload.replace("/", "%2f")))
        sweep(page)
    assert harm == []
