"""The kit's layers in PyTorch, by the names that bench_layers.c gives them, each with its inputs."""

import torch
from torch import nn

import networks

TOKENS, WIDTH, HEADS, VOCABULARY = 64, 64, 4, 65


def numbers(*shape):
    return lambda samples: torch.randn(samples, *shape)


class CrossEntropy(nn.Module):
    """With the labels inside, so that it is a layer like the others; its output is the loss."""

    def forward(self, outputs):
        if not hasattr(self, "labels"):
            self.labels = torch.randint(0, VOCABULARY, outputs.shape[:2])
        return networks.mean_loss(outputs, self.labels)


LAYERS = {
    "convolution": (lambda: nn.Conv2d(16, 16, 5), numbers(16, 32, 32)),
    "convolution-padded": (lambda: nn.Conv2d(16, 16, 3, padding=1), numbers(16, 32, 32)),
    "convolution-stride": (lambda: nn.Conv2d(16, 32, 3, stride=2, padding=1), numbers(16, 32, 32)),
    "convolution-1x1": (lambda: nn.Conv2d(16, 32, 1, stride=2), numbers(16, 32, 32)),
    "convolution-groups": (lambda: nn.Conv2d(16, 16, 3, padding=1, groups=16), numbers(16, 32, 32)),
    "max-pool": (lambda: nn.MaxPool2d(3, 2, 1), numbers(16, 32, 32)),
    "average-pool": (lambda: nn.AvgPool2d(2), numbers(16, 32, 32)),
    "global-average-pool": (lambda: nn.AdaptiveAvgPool2d(1), numbers(64, 8, 8)),
    "batch-norm-1d": (lambda: nn.BatchNorm1d(512), numbers(512)),
    "batch-norm-2d": (lambda: nn.BatchNorm2d(16), numbers(16, 32, 32)),
    "layer-norm": (lambda: nn.LayerNorm(WIDTH), numbers(TOKENS, WIDTH)),
    "dropout": (lambda: nn.Dropout(0.1), numbers(TOKENS, WIDTH)),
    "embedding": (
        lambda: networks.TokenEmbedding(TOKENS, VOCABULARY, WIDTH),
        lambda samples: torch.randint(0, VOCABULARY, (samples, TOKENS)),
    ),
    "causal-attention": (lambda: networks.Attention(WIDTH, HEADS, causal=True), numbers(TOKENS, WIDTH)),
    "cross-entropy": (CrossEntropy, numbers(TOKENS, VOCABULARY)),
}
