/*
 * What the probes write, and the judges read.
 *
 * A probe calls functions of the student's and writes what they did, as JSON, to the folder of --evidence:
 *
 * probe-partition-R.json, by each process: an array: for each case of partition_cases.h its PARTITION_CALLS calls,
 * of each
 *     {"steps": what epoch_steps returned,
 *      "first": [[steps + 1 numbers] for each rank], "sample": [[as many as first says] for each rank];
 *      process R of n works out the ranks R, R + n, …, and writes null for the others; numbers that were not written
 *      are PARTITION_UNSET; both arrays are empty where steps is impossible,
 *      "overrun": bool: it wrote outside of the arrays}
 *
 * probe-buckets.json     an array: for each case of bucket_cases.h
 *     {"buckets": what make_buckets returned,
 *      "bucket": [{"first_layer", "layers", "begin", "end": numbers} for each],
 *      "overrun": bool: it wrote beyond as many buckets as there are layers}
 */
#ifndef ASSIGNMENTS_DATA_PROBES_H
#define ASSIGNMENTS_DATA_PROBES_H

#define PROBE_PARTITION "probe-partition-%d.json"
#define PROBE_BUCKETS   "probe-buckets.json"

enum { PARTITION_UNSET = -1000000000 };

#endif
