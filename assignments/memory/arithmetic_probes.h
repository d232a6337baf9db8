/*
 * What the probes of the arithmetic write, and the judges read. Numbers are texts: JSON has neither NaN nor infinity.
 *
 * --probe memory
 *
 * probe-memory-GROUP.json  GROUP counts enum memory_group (memory_cases.h): an array, for each case
 *     {"parameters", "gradients", "optimizer", "masters", "layer_parameters", "layer_gradients", "activations": bytes}
 *
 * --probe choices
 *
 * probe-choices.json       an array, for each case of decision_cases.h
 *     {"fits": bool, "reason": number of enum reason, "bytes_per_rank", "bytes_on_one": bytes,
 *      "data", "tensor", "pipeline", "zero_stage", "optimizer", "format", "recompute", "order", "micro_batch_samples",
 *      "micro_batches": whole numbers, "gradients_float32": bool}
 */
#ifndef ASSIGNMENTS_MEMORY_ARITHMETIC_PROBES_H
#define ASSIGNMENTS_MEMORY_ARITHMETIC_PROBES_H

#define PROBE_MEMORY  "probe-memory-%d.json"
#define PROBE_CHOICES "probe-choices.json"

#endif
