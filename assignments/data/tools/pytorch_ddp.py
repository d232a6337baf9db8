"""PyTorch's side of bench_data: DistributedDataParallel with gloo.

    pytorch_ddp.py MODEL RANKS BATCH STEPS FIRST   prints samples a second, the median of the steps from FIRST on
    pytorch_ddp.py --version

MODEL is one of bench/networks.py. BATCH is that of all ranks together. Each rank has one thread; a step is zero_grad,
forward, cross-entropy, backward with the gradients' sums under it, and SGD with momentum, with a batch that is in memory.
Images are tried with channels last, too, and the better figure counts.
"""

import os
import statistics
import sys
import tempfile
import time

import torch
import torch.distributed as distributed
import torch.multiprocessing as processes

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../bench"))
import networks  # noqa: E402


def train(rank, ranks, model, batch, form, steps, first, meeting, results):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    make, samples = networks.NETWORKS[model]
    network = make().to(memory_format=form)
    if ranks > 1:
        distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
        network = torch.nn.parallel.DistributedDataParallel(network, gradient_as_bucket_view=True)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=True)
    inputs, labels = samples(batch // ranks)
    if inputs.dim() == 4:
        inputs = inputs.to(memory_format=form)
    seconds = []
    for _ in range(steps):
        begin = time.perf_counter()
        optimizer.zero_grad()
        networks.mean_loss(network(inputs), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - begin)
    if rank == 0:
        results.put(batch / statistics.median(seconds[first:]))
    if ranks > 1:
        # At the usual end of a process gloo's threads, which still run, now and then abort it.
        distributed.barrier()
        sys.stderr.flush()
        os._exit(0)


def main():
    if sys.argv[1:] == ["--version"]:
        print(torch.__version__)
        return
    model = sys.argv[1]
    ranks, batch, steps, first = map(int, sys.argv[2:6])
    results = processes.get_context("spawn").SimpleQueue()
    rates = []
    for form in torch.contiguous_format, torch.channels_last:
        with tempfile.TemporaryDirectory() as folder:
            meeting = os.path.join(folder, "meeting")
            processes.spawn(train, (ranks, model, batch, form, steps, first, meeting, results), nprocs=ranks)
        rates.append(results.get())
    print(round(max(rates), 1))


if __name__ == "__main__":
    main()
