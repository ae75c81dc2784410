"""Who is next, worked out by hand."""
from visualizer.operations.fair_queue import Rules, Running, Waiting, plan

ANNA, BERT, CARL = 1, 2, 3


def numbers(turns):
    return [turn.number for turn in turns]


def started(turns):
    return [turn.number for turn in turns if not turn.why]


def test_in_order_for_one_user():
    waiting = [Waiting(number, ANNA) for number in (3, 1, 2)]
    turns = plan(waiting, [], {}, Rules(runs=2))
    assert numbers(turns) == [1, 2, 3] and [turn.place for turn in turns] == [1, 2, 3]
    assert started(turns) == [1, 2]
    assert turns[2].why == "Limit on runs on this machine: 2 at the same time."


def test_ten_runs_do_not_block_one():
    waiting = [*(Waiting(number, ANNA) for number in range(1, 11)), Waiting(11, BERT)]
    assert numbers(plan(waiting, [], {}, Rules(runs=1)))[:3] == [1, 11, 2]
    # Anna's first has run: nobody runs now, and her next is older than Bert's.
    assert numbers(plan(waiting[1:], [], {ANNA: 100.0}, Rules(runs=1)))[0] == 11


def test_whoever_has_waited_longest_for_a_turn_is_next():
    waiting = [Waiting(1, ANNA), Waiting(2, BERT), Waiting(3, CARL)]
    assert numbers(plan(waiting, [], {ANNA: 30.0, BERT: 20.0, CARL: 10.0}, Rules())) == [3, 2, 1]


def test_fewest_running_comes_first():
    turns = plan([Waiting(1, ANNA), Waiting(2, BERT)], [Running(ANNA)], {BERT: 50.0, ANNA: 10.0}, Rules(runs=2))
    assert started(turns) == [2]


def test_limit_per_user_lets_others_pass():
    waiting = [Waiting(1, ANNA), Waiting(2, ANNA), Waiting(3, BERT)]
    turns = plan(waiting, [Running(ANNA)], {}, Rules(runs=9, runs_per_user=2))
    assert started(turns) == [3, 1]
    assert turns[2].why == "Limit on runs per user: 2 at the same time."


def test_gpus_are_given_out_once():
    rules = Rules(gpus=("a", "b", "c"))
    turns = plan([Waiting(1, ANNA, 2), Waiting(2, BERT, 1)], [Running(CARL, ("b",))], {}, rules)
    assert turns[0].gpus == ("a", "c")
    assert turns[1].gpus == () and turns[1].why == "GPUs: it asks for 1, and 0 of 3 are free."


def test_free_gpus_are_kept_for_the_run_before():
    """A run that needs both is not starved by a stream of runs that need one; runs without GPU pass."""
    waiting = [Waiting(1, ANNA, 2), Waiting(2, BERT, 1), Waiting(3, CARL)]
    turns = plan(waiting, [Running(4, ("a",))], {}, Rules(gpus=("a", "b")))
    assert started(turns) == [3]
    assert [turn.why for turn in turns[:2]] == [
        "GPUs: it asks for 2, and 1 of 2 are free.",
        "GPUs: those that are free are kept for a run that comes before.",
    ]


def test_gpus_per_user():
    rules = Rules(gpus=("a", "b", "c"), gpus_per_user=2)
    turns = plan([Waiting(1, ANNA, 1), Waiting(2, BERT, 1)], [Running(ANNA, ("a", "b"))], {}, rules)
    assert started(turns) == [2]
    assert turns[1].why == "Limit on GPUs per user: 2 at the same time."


def test_nobody_starves():
    """One at a time, each run ends at once, Anna adds a new one each time: Bert's three are through in seven."""
    waiting = [Waiting(number, ANNA) for number in range(1, 5)] + [Waiting(number, BERT) for number in (5, 6, 7)]
    last, order, fresh = {}, [], 8
    for time in range(8):
        turn = plan(waiting, [], last, Rules(runs=1))[0]
        run = next(run for run in waiting if run.number == turn.number)
        waiting.remove(run)
        last[run.user] = float(time)
        order.append(run.number)
        waiting.append(Waiting(fresh, ANNA))
        fresh += 1
    assert order == [1, 5, 2, 6, 3, 7, 4, 8]


def test_no_limits_no_waiting():
    assert started(plan([Waiting(number, ANNA) for number in range(50)], [], {}, Rules())) == list(range(50))
