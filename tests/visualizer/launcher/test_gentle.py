"""Stops that let the epoch end."""
# What the callbacks do: say that they listen, and look for the request now and then.
LISTENING = """
    import os, time
    open("stop.ready", "w").close()
    print("ready")
    while not os.path.exists("stop.request"):
        time.sleep(0.05)
    time.sleep(0.5)
    print("epoch has ended")
"""


def test_listening_script_ends_its_epoch(runs):
    order = runs.start(LISTENING, stop_seconds=(0.1, 0.1))
    runs.wait_for_output(order, "ready")
    runs.launcher.stop(order.folder, order.number, gently=True)
    status = runs.wait(order, "stopped")
    assert (status.exit_code, status.reason) == (0, "The epoch that ran was completed first.")
    assert "epoch has ended" in (order.folder / "output.txt").read_text()


def test_script_that_fails_meanwhile_has_failed(runs):
    order = runs.start(LISTENING + "    raise SystemExit(3)\n")
    runs.wait_for_output(order, "ready")
    runs.launcher.stop(order.folder, order.number, gently=True)
    assert runs.wait(order, "failed").exit_code == 3


def test_script_that_does_not_listen_gets_the_normal_stop(runs):
    order = runs.start("import time; print('ready'); time.sleep(600)")
    runs.wait_for_output(order, "ready")
    runs.launcher.stop(order.folder, order.number, gently=True)
    assert runs.wait(order, "stopped").reason == ""


def test_asking_again_stops_at_once(runs):
    order = runs.start(
        "import time; open('stop.ready', 'w').close(); print('ready'); time.sleep(600)",
        stop_seconds=(0.3, 0.3),
    )
    runs.wait_for_output(order, "ready")
    runs.launcher.stop(order.folder, order.number, gently=True)
    runs.stop(order)
    assert runs.wait(order, "stopped").reason == ""


def test_files_of_an_earlier_run_do_not_count(runs, tmp_path):
    order = runs.start(LISTENING)
    runs.wait_for_output(order, "ready")
    runs.launcher.stop(order.folder, order.number, gently=True)
    runs.wait(order, "stopped")
    (order.folder / "main.py").write_text(
        "import os; print(os.path.exists('stop.request'), os.path.exists('stop.ready'))"
    )
    runs.start_again(order)
    runs.wait(order, "finished")
    assert (order.folder / "output.txt").read_text().endswith("False False\n")
