"""PyTorch's side of the benchmarks: one training step, or one layer forward and backward.

Started by the benchmarks (pytorch.c) and kept alive, so that both sides take turns on the same machine.
Each line on standard input asks for one measurement,

    NAME BATCH THREADS STEPS

and is answered by one line: the milliseconds of each step, separated by blanks. The first line of
output is the version of PyTorch. NAME is one of networks.NETWORKS or layers.LAYERS.

A network's step is what a normal training loop does with a batch that is already in memory: zero_grad,
forward, cross-entropy, backward, SGD with momentum. A layer's is zero_grad, forward and backward, from a
gradient that is already there. PyTorch may choose between its two layouts of images, channels first
and channels last: both are tried, and the faster one is measured.
"""

import sys
import time

import torch

import layers
import networks


class Training:
    """One network with its optimizer and one batch."""

    def __init__(self, name, batch, layout):
        network, samples = networks.NETWORKS[name]
        torch.manual_seed(1)
        self.network = network().to(memory_format=layout)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9, fused=True)
        self.inputs, self.labels = samples(batch)
        if self.inputs.dim() == 4:
            self.inputs = self.inputs.contiguous(memory_format=layout)

    def step(self):
        self.optimizer.zero_grad()
        networks.mean_loss(self.network(self.inputs), self.labels).backward()
        self.optimizer.step()


class Layer:
    """One layer, forward and backward."""

    def __init__(self, name, batch, layout):
        make, samples = layers.LAYERS[name]
        torch.manual_seed(1)
        self.layer = make().to(memory_format=layout)
        self.inputs = samples(batch)
        if self.inputs.dim() == 4:
            self.inputs = self.inputs.contiguous(memory_format=layout)
        # The gradient for the input is wanted, too; tokens have none.
        self.inputs.requires_grad_(self.inputs.is_floating_point())
        self.gradient = torch.randn_like(self.layer(self.inputs))

    def step(self):
        self.layer.zero_grad()
        self.inputs.grad = None
        self.layer(self.inputs).backward(self.gradient)


def milliseconds(run, steps):
    for _ in range(2):
        run.step()
    times = []
    for _ in range(steps):
        begin = time.perf_counter()
        run.step()
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def start(name, batch):
    kind = Training if name in networks.NETWORKS else Layer
    run = kind(name, batch, torch.contiguous_format)
    if run.inputs.dim() != 4:
        return run
    other = kind(name, batch, torch.channels_last)
    own_time, other_time = [], []
    for _ in range(5):
        own_time += milliseconds(run, 3)
        other_time += milliseconds(other, 3)
    return run if min(own_time) <= min(other_time) else other


def main():
    print(torch.__version__, flush=True)
    runs = {}
    for line in sys.stdin:
        name, batch, threads, steps = line.split()
        torch.set_num_threads(int(threads))
        what = name, int(batch), int(threads)
        if what not in runs:
            runs = {what: start(*what[:2])}  # the one before is not needed any more
        print(" ".join(f"{each:.6f}" for each in milliseconds(runs[what], int(steps))), flush=True)


if __name__ == "__main__":
    main()
