"""One training of a peer, in a process of its own: TASK.json in, one line of JSON out.

The task names a file of doubles, column behind column, the labels last; NaN is missing.
"""

import json
import resource
import sys
import time

import numpy


def lightgbm(task, columns, labels):
    import lightgbm as library

    begun = time.perf_counter()
    rows = library.Dataset(columns, labels, free_raw_data=False)
    settings = {
        "objective": "binary",
        "num_leaves": task["leaves"],
        "learning_rate": task["learningRate"],
        "num_threads": task["threads"],
        "verbose": -1,
    }
    model = library.train(settings, rows, task["trees"])
    seconds = time.perf_counter() - begun
    one = columns[:1]
    begun = time.perf_counter()
    for _ in range(200):
        model.predict(one, num_threads=1)
    scored = (time.perf_counter() - begun) / 200
    begun = time.perf_counter()
    for _ in range(200):
        model.predict(one, pred_contrib=True, num_threads=1)
    explained = (time.perf_counter() - begun) / 200
    return {"seconds": seconds, "scoreSeconds": scored, "explainSeconds": explained}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    count = task["columns"]
    numbers = numpy.fromfile(task["file"], dtype=numpy.float64).reshape(count + 1, task["rows"])
    columns = numpy.ascontiguousarray(numbers[:count].T)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {"lightgbm": lightgbm}[task["library"]](task, columns, numbers[count])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**said, "memoryMb": (after - before) / 1024}))


main()
