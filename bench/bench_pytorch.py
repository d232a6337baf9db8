"""PyTorch's side of the benchmark: the same three networks, one training step.

Started by bench.c and kept alive, so that both sides take turns on the same
machine. Each line on standard input asks for one measurement,

    MODEL BATCH THREADS STEPS

and is answered by one line: the milliseconds of each step, separated by blanks.
The first line of output is the version of PyTorch.

A step is what a normal training loop does with a batch that is already in
memory: zero_grad, forward, cross-entropy, backward, SGD with momentum.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head self-attention with one fused projection to query, key and value."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x):
        samples, tokens, width = x.shape
        qkv = self.qkv(x).view(samples, tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(query, key, value)
        return self.projection(y.transpose(1, 2).reshape(samples, tokens, width))


class Residual(nn.Module):
    def __init__(self, *inner):
        super().__init__()
        self.inner = nn.Sequential(*inner)

    def forward(self, x):
        return x + self.inner(x)


class PatchEmbedding(nn.Module):
    """A convolution whose stride is its kernel, as vision transformers do it in PyTorch."""

    def __init__(self, channels, side, patch, width):
        super().__init__()
        self.cut = nn.Conv2d(channels, width, patch, stride=patch)
        self.position = nn.Parameter(0.02 * torch.randn((side // patch) ** 2, width))

    def forward(self, x):
        return self.cut(x).flatten(2).transpose(1, 2) + self.position


class MeanTokens(nn.Module):
    def forward(self, x):
        return x.mean(dim=1)


def mlp():
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512), nn.ReLU(),
        nn.Linear(512, 512), nn.ReLU(),
        nn.Linear(512, 10),
    )  # fmt: skip


def cnn():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def vit(depth=4, width=64, heads=4, patch=7):
    layers = [PatchEmbedding(1, 28, patch, width)]
    for _ in range(depth):
        layers.append(Residual(nn.LayerNorm(width), Attention(width, heads)))
        layers.append(
            Residual(
                nn.LayerNorm(width),
                nn.Linear(width, 4 * width),
                nn.GELU(),
                nn.Linear(4 * width, width),
            )
        )
    return nn.Sequential(*layers, nn.LayerNorm(width), MeanTokens(), nn.Linear(width, 10))


NETWORKS = {"mlp": (mlp, (1, 28, 28)), "cnn": (cnn, (3, 32, 32)), "vit": (vit, (1, 28, 28))}


class Run:
    """One network with its optimizer and one batch."""

    def __init__(self, name, batch):
        network, sample = NETWORKS[name]
        torch.manual_seed(1)
        self.network = network()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)
        self.inputs = torch.randn(batch, *sample)
        self.labels = torch.randint(0, 10, (batch,))

    def step(self):
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.network(self.inputs), self.labels)
        loss.backward()
        self.optimizer.step()


def main():
    print(torch.__version__, flush=True)
    runs = {}
    for line in sys.stdin:
        name, batch, threads, steps = line.split()
        torch.set_num_threads(int(threads))
        if (name, batch) not in runs:
            runs[name, batch] = Run(name, int(batch))
        run = runs[name, batch]
        for _ in range(2):
            run.step()
        times = []
        for _ in range(int(steps)):
            begin = time.perf_counter()
            run.step()
            times.append(1e3 * (time.perf_counter() - begin))
        print(" ".join(f"{each:.6f}" for each in times), flush=True)


if __name__ == "__main__":
    main()
