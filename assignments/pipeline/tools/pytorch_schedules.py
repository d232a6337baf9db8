"""The kit's pipeline beside torch.distributed.pipelining, on two processes of one thread each.

    PYTHON assignments/pipeline/tools/pytorch_schedules.py BUILD-FOLDER      (make bench-schedules)

Both sides train the same network, cut at the same layers, with the same batch and micro-batches. A
step is: gradients to zero, the schedule with the cross-entropy of every micro-batch, one step of SGD
with momentum; its time is the last rank's, from the end of one step to the end of the next. The kit
talks through Open MPI, PyTorch through gloo (torch.distributed on processors). The two take turns in
short rounds, so that whatever else the machine does meets both; while one computes, the other waits
without using the processor. Before a schedule of PyTorch's is timed, its losses and gradients are
compared with those of the whole network in one process.

This file starts itself twice more, with RANK in the environment, for PyTorch's two ranks. Each line on
their standard input asks for one thing, and the last rank answers with one line:

    check MODEL SCHEDULE          "right", or what is wrong
    time  MODEL SCHEDULE STEPS    milliseconds of each step, separated by blanks
"""

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time

RANKS, BATCH, MICRO_BATCHES = 2, 64, 8
ROUNDS, STEPS, WARM_UP = 7, 20, 2
MODELS = ["mlp:depth=4,width=512", "vit:depth=4,width=64"]
SCHEDULES = [  # the kit's, PyTorch's; both with the same stages
    ("afab", "ScheduleGPipe"),
    ("1f1b", "Schedule1F1B"),
    ("interleaved", "ScheduleInterleaved1F1B"),
    ("zero-bubble", "ScheduleInterleavedZeroBubble"),
    ("zero-bubble", "ScheduleZBVZeroBubble"),
]
TWO_STAGES_EACH = {"ScheduleInterleaved1F1B", "ScheduleZBVZeroBubble"}

# ---- one of PyTorch's ranks ---------------------------------------------------------------------


class Pipeline:
    """One rank's stages of a network, their optimizer, and a schedule."""

    def __init__(self, model, name, rank):
        self.rank = rank
        self.whole = make_network(model)
        samples = networks.NETWORKS[model.partition(":")[0]][1]
        torch.manual_seed(2)
        self.inputs, self.labels = samples(BATCH)
        count = RANKS * (2 if name in TWO_STAGES_EACH else 1)
        mine = [s for s in range(count) if place(name, s) == rank]
        stages = [
            pipelining.PipelineStage(part, index, count, torch.device("cpu"))
            for index, part in enumerate(cut(make_network(model), count))
            if index in mine
        ]
        self.parts = dict(zip(mine, (stage.submod for stage in stages)))
        parameters = [each for part in self.parts.values() for each in part.parameters()]
        self.optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True)
        schedule = getattr(pipelining, name)
        single = issubclass(schedule, pipelining.schedules.PipelineScheduleSingle)
        self.schedule = schedule(stages[0] if single else stages, MICRO_BATCHES, loss_fn=networks.mean_loss)
        self.first, self.last = 0 in mine, count - 1 in mine
        self.stages = count

    def gradients(self):
        """Returns the micro-batches' losses, on the rank that has them."""
        losses = []
        inputs = (self.inputs,) if self.first else ()
        target = {"target": self.labels, "losses": losses} if self.last else {}
        self.optimizer.zero_grad()
        self.schedule.step(*inputs, **target)
        return losses

    def step(self):
        self.gradients()
        self.optimizer.step()

    def wrong(self):
        """What one step has that the whole network in one process has not; empty: nothing."""
        losses = self.gradients()
        loss = networks.mean_loss(self.whole(self.inputs), self.labels)
        loss.backward()
        faults = []
        if self.last and not torch.allclose(torch.stack(losses).mean(), loss, rtol=1e-5, atol=0):
            faults.append(f"a loss of {torch.stack(losses).mean():.7g} instead of {loss:.7g}")
        truth = cut(self.whole, self.stages)
        for index, part in self.parts.items():
            for (name, own), (_, other) in zip(part.named_parameters(), truth[index].named_parameters()):
                if own.grad is None or not torch.allclose(own.grad, other.grad, rtol=1e-4, atol=1e-6):
                    faults.append(f"the gradient of {name} of stage {index}")
        self.optimizer.zero_grad()
        return faults


def make_network(model):
    kind, _, options = model.partition(":")
    sizes = {name: int(value) for name, value in (each.split("=") for each in options.split(","))}
    torch.manual_seed(1)
    return networks.NETWORKS[kind][0](**sizes)


def cut(network, stages):
    """As the kit's solution does it: by number of layers, the first stages take what is left over."""
    layers, parts, begin = list(network), [], 0
    for stage in range(stages):
        end = begin + len(layers) // stages + (stage < len(layers) % stages)
        parts.append(torch.nn.Sequential(*layers[begin:end]))
        begin = end
    return parts


def place(schedule, stage):
    """ZBV's stages go down the ranks and come back up."""
    down = schedule != "ScheduleZBVZeroBubble" or stage < RANKS
    return stage % RANKS if down else RANKS - 1 - stage % RANKS


def milliseconds(pipeline, steps):
    times = []
    for number in range(WARM_UP + steps):
        begin = time.perf_counter() if number == 0 else end
        pipeline.step()
        end = time.perf_counter()
        times.append(1e3 * (end - begin))
    return times[WARM_UP:]


def work(rank):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=RANKS, init_method=os.environ["MEETING_POINT"])
    print(torch.__version__, flush=True)
    pipelines = {}
    for line in sys.stdin:
        verb, model, name, *rest = line.split()
        if not hasattr(pipelining, name):
            if rank == RANKS - 1:
                print("not in this PyTorch", flush=True)
            continue
        if (model, name) not in pipelines:
            pipelines[model, name] = Pipeline(model, name, rank)
        pipeline = pipelines[model, name]
        if verb == "check":
            faults = [None] * RANKS
            distributed.all_gather_object(faults, pipeline.wrong())
            answer = "; ".join(sum(faults, [])) or "right"
        else:
            answer = " ".join(f"{each:.6f}" for each in milliseconds(pipeline, int(rest[0])))
        if rank == RANKS - 1:
            print(answer, flush=True)
    distributed.destroy_process_group()


# ---- both sides ---------------------------------------------------------------------------------


class PyTorch:
    """Its two ranks; version is None where it can't be imported."""

    def __init__(self, folder):
        meeting_point = "file://" + os.path.join(folder, "meeting-point")
        self.ranks = [
            subprocess.Popen(
                [sys.executable, __file__],
                env=os.environ | {"RANK": str(rank), "MEETING_POINT": meeting_point, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            for rank in range(RANKS)
        ]  # fmt: skip
        self.version = [rank.stdout.readline().strip() for rank in self.ranks][-1] or None

    def ask(self, *words):
        for rank in self.ranks:
            print(*words, file=rank.stdin, flush=True)
        answer = self.ranks[-1].stdout.readline().strip()
        if answer == "":
            for rank in self.ranks:
                rank.kill()
            sys.exit(f"PyTorch's last rank ended at: {' '.join(map(str, words))}")
        return answer

    def end(self):
        for rank in self.ranks:
            rank.stdin.close()
            rank.wait()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else "a processor without a name"


def kit_milliseconds(program, folder, model, schedule):
    curve = os.path.join(folder, "curve.csv")
    command = ["tools/launch", str(RANKS), program, "--quiet", "--data", "synthetic", "--uneven",
               "--model", model, "--schedule", schedule, "--batch", str(BATCH), "--micro-batches", str(MICRO_BATCHES),
               "--learning-rate", "0.01", "--steps", str(WARM_UP + STEPS), "--curve", curve]  # fmt: skip
    subprocess.run(command, check=True)
    with open(curve, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [1e3 * BATCH / float(row["samples_per_second"]) for row in rows[WARM_UP:]]


def compare(pytorch, program, folder, model, pair):
    """The table's row for one schedule."""
    schedule, name = pair
    answer = pytorch.ask("check", model, name) if pytorch.version else "not importable"
    own, other = [], []
    for _ in range(ROUNDS):
        own += kit_milliseconds(program, folder, model, schedule)
        if answer == "right":
            other += map(float, pytorch.ask("time", model, name, STEPS).split())
    kit = statistics.median(own)
    beside = answer + " | "
    if other:
        beside = f"{statistics.median(other):.2f} | {statistics.median(other) / kit:.2f}"
    print(f"| {model} | {schedule} | {kit:.2f} | {name} | {beside} |", flush=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD-FOLDER")
    program = sys.argv[1] + "/programs/solutions/pipeline"
    with tempfile.TemporaryDirectory() as folder:
        pytorch = PyTorch(folder)
        print(
            f"Batch {BATCH}, {MICRO_BATCHES} micro-batches, two processes of one thread on {processor()}; "
            f"PyTorch {pytorch.version + ', gloo' if pytorch.version else 'is not importable: set PYTHON'}.\n\n"
            "| model | schedule | ms | PyTorch's schedule | PyTorch ms | times faster |\n|---|---|---|---|---|---|"
        )
        for model in MODELS:
            for pair in SCHEDULES:
                compare(pytorch, program, folder, model, pair)
        pytorch.end()


if __name__ == "__main__":
    if "RANK" in os.environ:
        import torch
        from torch import distributed
        from torch.distributed import pipelining

        sys.path.insert(0, "bench")
        import networks

        work(int(os.environ["RANK"]))
    else:
        main()
