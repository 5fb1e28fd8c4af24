"""A peer at work, in a process of its own: TASK.json in.

TRAINING (no "folds"): one training is timed; one line of JSON out.
PREDICTION: chances of each row by a model that has not seen its fold, as doubles into the file "said".

The file holds doubles, column behind column, the labels last, then, for a prediction, the fold of each row; NaN is
missing. LightGBM and XGBoost grow by the recipe that ours grow by, CatBoost by its own defaults.
"""

import json
import resource
import sys
import time

import numpy
import pandas

SEED = 1


def frame(columns, categories, levels):
    made = pandas.DataFrame(columns)
    for at in categories:
        made[at] = pandas.Categorical(made[at], categories=levels[at])
    return made


def lightgbm(columns, labels, asked, task, levels):
    import lightgbm as library

    # The recipe of ours: slow steps, on parts of the rows and columns.
    model = library.LGBMClassifier(
        n_estimators=500, learning_rate=0.03, num_leaves=31, subsample=0.8, subsample_freq=1,
        colsample_bytree=0.5, random_state=SEED, n_jobs=2, verbose=-1,
    )
    model.fit(frame(columns, task["categories"], levels), labels)
    return model.predict_proba(frame(asked, task["categories"], levels))[:, 1]


def xgboost(columns, labels, asked, task, levels):
    import xgboost as library

    model = library.XGBClassifier(
        n_estimators=500, learning_rate=0.03, subsample=0.8, colsample_bytree=0.5,
        tree_method="hist", enable_categorical=True, random_state=SEED, n_jobs=2,
    )
    model.fit(frame(columns, task["categories"], levels), labels)
    return model.predict_proba(frame(asked, task["categories"], levels))[:, 1]


def catboost(columns, labels, asked, task, levels):
    import catboost as library

    def told(rows):
        made = pandas.DataFrame(rows)
        for at in task["categories"]:
            made[at] = made[at].fillna(-1).astype(int).astype(str)
        return made

    model = library.CatBoostClassifier(
        verbose=0, thread_count=2, random_seed=SEED, cat_features=task["categories"],
        allow_writing_files=False,
    )
    model.fit(told(columns), labels)
    return model.predict_proba(told(asked))[:, 1]


LIBRARIES = {"lightgbm": lightgbm, "xgboost": xgboost, "catboost": catboost}


def numbers(task, more):
    count = task["columns"] + more
    return numpy.fromfile(task["file"], dtype=numpy.float64).reshape(count, task["rows"])


def prediction(task):
    read = numbers(task, 2)
    columns = numpy.ascontiguousarray(read[: task["columns"]].T)
    labels, folds = read[-2], read[-1]
    levels = {at: range(int(numpy.nanmax(read[at])) + 1) for at in task["categories"]}
    chances = numpy.zeros(task["rows"])
    for fold in range(task["folds"]):
        held = folds == fold
        predict = LIBRARIES[task["library"]]
        chances[held] = predict(columns[~held], labels[~held], columns[held], task, levels)
    chances.tofile(task["said"])


def per_call(work, times=200):
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) / times


def training(task):
    import lightgbm as library

    read = numbers(task, 1)
    columns = numpy.ascontiguousarray(read[:-1].T)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    rows = library.Dataset(columns, read[-1], free_raw_data=False)
    settings = {
        "objective": "binary",
        "num_leaves": task["leaves"],
        "learning_rate": task["learningRate"],
        "num_threads": task["threads"],
        "verbose": -1,
    }
    model = library.train(settings, rows, task["trees"])
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one = columns[:1]
    said = {
        "seconds": seconds,
        "memoryMb": (after - before) / 1024,
        "scoreSeconds": per_call(lambda: model.predict(one, num_threads=1)),
        "explainSeconds": per_call(lambda: model.predict(one, pred_contrib=True, num_threads=1)),
    }
    print(json.dumps(said))


with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)
if "folds" in asked:
    prediction(asked)
else:
    training(asked)
