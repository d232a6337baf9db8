"""PyTorch's side of make bench DEVICE=cuda: training steps on a GPU, eager and compiled.

Started by bench_gpu.c with the device's name (cuda, or cpu where the GPU is emulated) and kept alive, so that
both sides take turns. Each line on standard input asks for a row of steps,

    NAME BATCH STEPS

and is answered by one line: the milliseconds of one of them, or words that say why there are none. The first line
of output is the version of PyTorch; where it sees no GPU it ends without one. NAME is one of networks.NETWORKS;
"+compiled" behind it: by torch.compile; "-bfloat16" at its end: parameters, gradients and activations are
bfloat16.

A step is what a normal training loop does with a batch that is already in memory: zero_grad, forward,
cross-entropy, backward, SGD with momentum, whose step is fused. The loss stays on the GPU. Products are in
float32, not TF32, as the kit's are. Images may be channels first or last: both are tried, and the faster one is measured.
"""

import sys
import time

import torch

import networks


class Training:
    """One network with its optimizer and one batch."""

    def __init__(self, name, batch, device, layout, compiled):
        network, samples = networks.NETWORKS[name.removesuffix("-bfloat16")]
        dtype = torch.bfloat16 if name.endswith("-bfloat16") else torch.float32
        torch.manual_seed(1)
        self.network = network().to(device=device, dtype=dtype, memory_format=layout)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9, fused=True)
        self.inputs, self.labels = (each.to(device) for each in samples(batch))
        if self.inputs.is_floating_point():
            self.inputs = self.inputs.to(dtype)
        if self.inputs.dim() == 4:
            self.inputs = self.inputs.contiguous(memory_format=layout)
        self.device = device

        def loss(inputs, labels):
            return networks.mean_loss(self.network(inputs).float(), labels)

        self.loss = torch.compile(loss) if compiled else loss

    def step(self):
        self.optimizer.zero_grad()
        self.loss(self.inputs, self.labels).backward()
        self.optimizer.step()

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def row(self, steps):
        """Milliseconds of one of so many steps in a row."""
        self.wait()
        begin = time.perf_counter()
        for _ in range(steps):
            self.step()
        self.wait()
        return 1e3 * (time.perf_counter() - begin) / steps


def start(name, batch, device):
    network = name.removesuffix("+compiled")
    compiled = name != network
    run = Training(network, batch, device, torch.contiguous_format, compiled)
    if run.inputs.dim() != 4 or compiled and device == "cpu":
        return run
    other = Training(network, batch, device, torch.channels_last, compiled)
    for each in (run, other):
        each.row(3)
    return run if run.row(5) <= other.row(5) else other


def main():
    device = sys.argv[1]
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    print(torch.__version__, flush=True)
    what, run = None, None
    for line in sys.stdin:
        name, batch, steps = line.split()
        try:
            if what != (name, batch):
                what, run = (name, batch), None  # the one before gives its memory back first
                run = start(name, int(batch), device)
            print(f"{run.row(int(steps)):.6f}", flush=True)
        except Exception as error:  # whatever it is: the others are measured all the same
            what, run = None, None
            print(f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}", flush=True)


if __name__ == "__main__":
    main()
