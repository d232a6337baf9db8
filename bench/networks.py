"""The kit's models in PyTorch, layer by layer: for everything that is measured beside it.

Each network is an nn.Sequential whose children are the layers of the kit's model, so that both
can be cut at the same places. Inputs, outputs and initial values are as usual in PyTorch; nothing is
compiled (torch.compile). NETWORKS has, by the name that a table shows, how a network and a batch
for it are made.
"""

import torch
from torch import nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head self-attention with one fused projection to query, key and value."""

    def __init__(self, width, heads, causal=False):
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x):
        samples, tokens, width = x.shape
        qkv = self.qkv(x).view(samples, tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)
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
        # Contiguous, as everything behind it wants it: 2 to 5% faster than leaving it transposed.
        return self.cut(x).flatten(2).transpose(1, 2).contiguous() + self.position


class TokenEmbedding(nn.Module):
    """A row of a table for each token, and learned positions."""

    def __init__(self, tokens, vocabulary, width):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(0.02 * torch.randn(tokens, width))

    def forward(self, tokens):
        return self.token(tokens) + self.position


class MeanTokens(nn.Module):
    def forward(self, x):
        return x.mean(dim=1)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions; where the shape changes, the way around them is a 1×1 convolution."""

    def __init__(self, channels, outputs, stride):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(channels, outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or channels != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, outputs, 1, stride=stride, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x):
        return functional.relu(self.inner(x) + self.shortcut(x), inplace=True)


def mlp(depth=3, width=512):
    layers = [nn.Flatten()]
    inputs = 784
    for _ in range(depth - 1):
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def resnet(depth=8, width=16):
    """As He et al. 2016 for CIFAR-10: depth = 6 n + 2, three groups of n blocks."""
    layers = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    channels = width
    for group in range(3):
        for block in range((depth - 2) // 6):
            outputs = width << group
            layers.append(ResidualBlock(channels, outputs, 2 if group > 0 and block == 0 else 1))
            channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def blocks(depth, width, heads, causal):
    """Transformer blocks with the norm before; each half is a layer."""
    layers = []
    for _ in range(depth):
        layers.append(Residual(nn.LayerNorm(width), Attention(width, heads, causal)))
        layers.append(
            Residual(
                nn.LayerNorm(width),
                nn.Linear(width, 4 * width),
                nn.GELU(),
                nn.Linear(4 * width, width),
            )
        )
    return layers


def vit(depth=4, width=64, heads=4, patch=7):
    layers = [PatchEmbedding(1, 28, patch, width), *blocks(depth, width, heads, causal=False)]
    return nn.Sequential(*layers, nn.LayerNorm(width), MeanTokens(), nn.Linear(width, 10))


GPT_TOKENS, GPT_VOCABULARY = 64, 65


def gpt(depth=4, width=64, heads=4):
    """Decoder-only; the head is a matrix of its own."""
    layers = [TokenEmbedding(GPT_TOKENS, GPT_VOCABULARY, width)]
    layers += blocks(depth, width, heads, causal=True)
    return nn.Sequential(*layers, nn.LayerNorm(width), nn.Linear(width, GPT_VOCABULARY, bias=False))


def images(*shape):
    def batch(samples):
        return torch.randn(samples, *shape), torch.randint(0, 10, (samples,))

    return batch


def text(samples):
    size = (samples, GPT_TOKENS)
    return torch.randint(0, GPT_VOCABULARY, size), torch.randint(0, GPT_VOCABULARY, size)


NETWORKS = {
    "mlp": (mlp, images(1, 28, 28)),
    "cnn": (cnn, images(3, 32, 32)),
    "vit": (vit, images(1, 28, 28)),
    "resnet": (resnet, images(3, 32, 32)),
    "gpt": (gpt, text),
    "gpt-10m": (lambda: gpt(6, 384, 6), text),
    "gpt-100m": (lambda: gpt(14, 768, 12), text),
}


def mean_loss(outputs, labels):
    """Cross-entropy; of (samples, tokens, classes) every token counts as a sample."""
    return functional.cross_entropy(outputs.flatten(0, -2), labels.flatten())
