import json

import keras
import pytest

from case_study.networks import CONFIGURATIONS, EXTRA_OUTPUT
from case_study.study import BATCH_SIZE, inputs, measure
from case_study.train import save_result, train

# Keras' own, from reading TensorFlow's variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


@pytest.mark.parametrize("letter", CONFIGURATIONS)
def test_each_configuration_trains_and_is_watched(study, tmp_path, letter):
    folder = tmp_path / f"{letter}_0"

    result = train(study, letter, seed=0, folder=folder, epochs=2)

    tasks = ["identification", "expression"] if letter in EXTRA_OUTPUT else ["identification"]
    assert list(result["validation"]) == list(result["testing"]) == tasks
    assert (result["configuration"], result["seed"], result["epochs"]) == (letter, 0, 2)
    assert (result["batch_size"], result["learning_rate"], result["data"]) == (512, 0.0005, study.digest)
    for name in ("training_progress.txt", "training_progress_val.txt"):
        head, *lines = (folder / "results" / name).read_text().splitlines()
        assert [float(line.split()[0]) for line in lines] == [1, 2], "26 images are one batch"
        for output in ("id_output", "exp_output"):
            assert (f"{output}_accuracy" in head) == (letter in EXTRA_OUTPUT), head
    assert not (folder / "networks").exists(), "only if asked"


def test_the_network_that_was_measured_is_saved_if_asked(study, tmp_path):
    result = train(study, "H", 0, tmp_path / "H_0", epochs=1, save_network=True)

    saved = keras.saving.load_model(tmp_path / "H_0" / "networks" / "H_0.keras")
    assert saved.count_params() == result["parameters"]
    for task, again in measure(saved, "H", study.testing).items():
        assert again == pytest.approx(result["testing"][task], rel=1e-4), task


def test_a_seed_gives_the_same_training_again(study, tmp_path):
    ones = [train(study, "B", seed, tmp_path / name, 2) for name, seed in (("a", 3), ("b", 3), ("c", 4))]

    losses = [one["validation"]["identification"]["loss"] for one in ones]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5) and losses[0] != pytest.approx(losses[2], rel=1e-3)


def test_the_expression_that_is_given_is_learnt_from(study):
    """With features that say nothing, E can know who it is only from expressions that tell each person."""
    for side in (study.training, study.validation, study.testing):
        side.features[:] = 0
        side.expression[:] = 0
        side.expression[:, : study.identities] = side.identity

    model = study.network("E")
    model.fit(inputs("E", study.training), study.training.identity, epochs=30, batch_size=BATCH_SIZE, verbose=0)

    assert measure(model, "E", study.testing)["identification"]["accuracy"] == 1


def test_results_are_kept_one_for_each_seed(study, tmp_path, data):
    for seed, minutes in ((0, 1), (1, 2), (0, 3)):
        save_result(data, {"configuration": "E", "seed": seed, "minutes": minutes})

    kept = {path.name: json.loads(path.read_text())["minutes"] for path in (data / "results").iterdir()}
    assert kept == {"E_0.json": 3, "E_1.json": 2}
