"""Trains one network of the face recognition study; see case_study/README.md for the data it needs.

Upload it and watch its training progress. The two lines in capitals choose what is trained, and on what.
"""

import os

from case_study.study import BATCH_SIZE, Study, epochs_of, inputs, measure, targets
from custom_keras.callbacks import CustomCallbacks

CONFIGURATION = "E"  # a letter from A to I; E is given the expression, H tells it beside the identity
DATA = "case_study_data"  # the folder of prepared data, as a whole path; runs that are shut in must be shown it

study = Study(DATA)
model = study.network(CONFIGURATION)
model.summary()

callbacks = CustomCallbacks(os.path.dirname(__file__))
callbacks.register_training_progress()
callbacks.register_network_saver()
epoch = callbacks.resume(model)  # 0, or where an earlier run ended that is to be continued

model.fit(
    inputs(CONFIGURATION, study.training),
    targets(CONFIGURATION, study.training),
    batch_size=BATCH_SIZE,
    epochs=epochs_of(CONFIGURATION),
    initial_epoch=epoch,
    validation_data=(inputs(CONFIGURATION, study.validation), targets(CONFIGURATION, study.validation)),
    callbacks=callbacks.get_list(),
    verbose=2,
)
print("On the test set:", measure(model, CONFIGURATION, study.testing))
