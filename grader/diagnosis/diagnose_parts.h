/*
 * Shared by the files of the diagnosis, and nobody else.
 */
#ifndef GRADER_DIAGNOSIS_DIAGNOSE_PARTS_H
#define GRADER_DIAGNOSIS_DIAGNOSE_PARTS_H

#include "grader/diagnosis/diagnose.h"
#include "grader/diagnosis/first_end.h"
#include "grader/diagnosis/scene.h"

/* diagnose_places.c */
struct scene *scene_new(const struct outcome *outcome);
void scene_free(struct scene *scene);
/* Did the grader, or the simulator, stop the run because nobody could go on, or for its time? */
bool scene_was_stopped(const struct outcome *outcome);

/* diagnose_graph.c */
void scene_find_cycles(struct scene *scene);
/* The rank at the end of a rank's waiting, where there is no circle: it waits for nobody. */
int scene_end_of_chain(const struct scene *scene, int rank);
/* To be called when the culprit is known; where it is not, finds who waits for nobody. */
void scene_find_tails(struct scene *scene);
bool scene_is_in(const GArray *ranks, int rank);
bool scene_in_any_cycle(const struct scene *scene, int rank);
/* The rank that follows a member of any cycle in it; -1: a member of none. */
int scene_next_in_cycle(const struct scene *scene, int rank);

/* diagnose_show.c */
/* Who waits for whom, a line per pair, for people; nothing if nobody waits for anybody. */
void scene_describe_graph(const struct scene *scene, GString *markdown);
bool scene_draw_graph(const struct scene *scene, const char *title, const char *path);

/* diagnose_kinds.c: each returns whether (or which) it is and then has written the headline, which
 * is plain text. */
typedef bool wait_test(const struct scene *scene, int rank, const struct wait *wait,
                       GString *headline);
/* Tries a test on everything that anybody waits for. */
bool scene_any_wait(const struct scene *scene, wait_test *test, GString *headline);
wait_test scene_wait_truncates, scene_tags_differ, scene_communicators_differ;
/* diagnose_twice.c */
wait_test scene_asks_twice, scene_was_sent_twice;
/* "ranks 0 and 1", "ranks 0, 1 and 2", "12 ranks (0, 1, 2, …)": of the circle. */
void scene_name_cycle(const struct scene *scene, GString *text);
enum diagnosis_kind scene_name_circle(const struct scene *scene, GString *headline);
/* Where the run's communicator numbers its ranks otherwise than MPI_COMM_WORLD: are there messages in
 * the latter that found no other half, and none that did? */
bool scene_goes_through_world(const struct scene *scene, GString *headline);
/* "MPI_Recv at file.c:12" */
void scene_name_call(const struct scene *scene, int rank, size_t record, GString *text);

/* Of a simulated run: the rank that was running when the program ended, as far as the logs show it;
 * -1: it may have been any of several. */
int scene_one_that_ran(const struct scene *scene);

/* diagnose_collectives.c: the first collective that the ranks disagree about; DIAGNOSIS_NONE: there is none,
 * or only one that a rank never came to. Notes which. */
enum diagnosis_kind scene_name_collectives(struct scene *scene, GString *headline);
/* The same, of those that both ranks have called: what comes of it may be any end. */
enum diagnosis_kind scene_name_clash(struct scene *scene, GString *headline);
/* Which collective a rank, by now elsewhere, left out of those in front of the one that this wait is for. */
bool scene_name_skipped(const struct scene *scene, int rank, const struct wait *wait,
                        GString *headline);
/* Do the ranks of the circle all wait in collectives, of several communicators? Then which kind that is. */
bool scene_is_crosswise(const struct scene *scene);
enum diagnosis_kind scene_name_crosswise(const struct scene *scene, GString *headline);
/* "rank 3 to call MPI_Allreduce of 400 bytes among {1, 3}, too (so far rank 1 has)" */
void scene_describe_collective(const struct scene *scene, int rank, const struct wait *wait,
                               GString *text);

/* diagnose_windows.c: what a pending call about a window waits for. */
void scene_add_window_waits(struct scene *scene, int rank, size_t call);

/* diagnose_requests.c: "given a request that no call has made: …", of the call that a rank crashed or hangs
 * in; plain text. False, and nothing, if it was not. */
bool scene_describe_unknown_request(const struct scene *scene, int rank, GString *text);
/* Does a rank wait for such a one? Notes the culprit. */
bool scene_waits_for_unknown_request(struct scene *scene, GString *headline);

/* diagnose_chain.c: no circle; who holds the others up, and why? Notes the culprit. */
enum diagnosis_kind scene_follow_chain(struct scene *scene, GString *headline);

/* diagnose_ends.c */
/* The rank that ended the others, and how; notes the culprit. DIAGNOSIS_NONE: nothing tells, or it is
 * told otherwise. */
enum diagnosis_kind scene_name_first_end(struct scene *scene, GString *headline);
bool scene_stopped_itself(struct scene *scene, GString *headline);
bool scene_outlives_its_end(const struct scene *scene, GString *headline);

/* diagnose_crash.c: a rank that left its last words … */
void scene_name_crash(struct scene *scene, int rank, GString *headline);
/* … or which rank, and where, as far as the output shows it. Notes the culprit. */
bool scene_crashed(struct scene *scene, GString *headline);

/* diagnose_calls.c: source lines, from the innermost call to the outermost in the student's code; none
 * if nothing of it is the student's. The strings live on. */
/* ", at tensor.c:145 (tensor_free), called at step.c:31 (take_step)"; plain text. */
void scene_describe_lines(const GPtrArray *lines, GString *text);
GPtrArray *scene_lines_of_calls(const char *program, const uint64_t *caller, guint count);
/* The same of last words, and of these only the student's. */
GPtrArray *scene_lines_of_student(const char *program, const struct last_words_calls *calls);

/* " in forward() at step.c:31, called by take_step() at :60": where a rank was when it was asked, in the
 * student's code; plain text. False, and nothing, if it did not answer or is inside of MPI. */
bool scene_describe_sample(const struct scene *scene, int rank, GString *text);
/* How long it had recorded nothing by then, seconds; 0: not known. */
double scene_sample_seconds(const struct scene *scene, int rank);

/* diagnose_backtrace.c: the lines of a crash, as far as the output shows it; plain text. */
void scene_describe_crash(const struct outcome *outcome, GString *text);

/* A source is the kit's: common/ROOM/file.c, assignments/NAME/program/file.c, …; a student's is
 * NAME/file.c. */
bool diagnosis_is_of_the_kit(const char *path);

/* diagnose_sanitizer.c: did a sanitizer end the run? Then what it found, with lines; plain text. And
 * its report, Markdown. */
bool scene_sanitizer_spoke(struct scene *scene, GString *headline);
void scene_show_sanitizer(const struct scene *scene, GString *markdown);

/* diagnose_remedies.c: what to do about a kind, Markdown; "" where there is nothing to say. */
const char *diagnosis_remedy(enum diagnosis_kind kind);
/* What to look at next, as the end of a sentence; "" where there is nothing. */
const char *diagnosis_look(enum diagnosis_kind kind);

/* diagnose_text.c: as Markdown. */
/* "in B of micro-batch 2 (stage 1)", "after F …", or "before any computation". */
void scene_describe_computation(const struct scene *scene, int rank, GString *text);
/* A part of MPI_Startall or MPI_Sendrecv has no caller of its own; its call stands before it. */
size_t scene_call_of(const struct scene *scene, int rank, size_t record);
void scene_describe(const struct scene *scene, GString *markdown);

#endif
