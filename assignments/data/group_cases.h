/*
 * What the probes of groups try: the first n ranks of the run as every grid that n ranks can be. Shared by the
 * program and the judge.
 *
 * Each rank R of the run writes an array to GROUPS_FILE, with an entry for each case whose ranks it is one of:
 *     {"case": its number,
 *      "data", "pipeline", "tensor", or of the probe of tied embeddings "embedding", "pipeline":
 *          null where it was given MPI_COMM_NULL, else the members, in their order, as ranks of the n;
 *          GROUP_STRANGER is none of these}
 */
#ifndef ASSIGNMENTS_DATA_GROUP_CASES_H
#define ASSIGNMENTS_DATA_GROUP_CASES_H

#define GROUPS_FILE "probe-groups-%d.json"

enum { GROUP_STRANGER = -1, GROUP_MOST_RANKS = 12, GROUP_MOST_CASES = 80 };

enum group_probe {
    GROUPS_OF_PIPELINES, /* every grid data × pipeline */
    GROUPS_OF_TENSORS,   /* … and of more than one rank along tensor */
    GROUPS_OF_TABLES,    /* every grid of several stages: who has the embedding's table */
    GROUP_PROBES
};
extern const char *const group_probe_name[GROUP_PROBES];

struct group_case {
    int ranks;                  /* the first of the run */
    int data, pipeline, tensor; /* the grid */
};

/* All cases for up to `ranks` ranks, GROUP_MOST_RANKS at the most, with few ranks first; returns how many. */
int group_cases(enum group_probe probe, int ranks, struct group_case cases[GROUP_MOST_CASES]);

#endif
