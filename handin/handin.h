/*
 * The program handin: what a student does with finished work.
 *
 *     handin pack --submission FOLDER --assignment NAME --out FOLDER
 *         checks that all files are there and writes OUT/NAME.tar.gz and OUT/submission.md
 *     handin plot --submission FOLDER --assignment NAME
 *         draws the learning curves over the one-process curve, into the curves' folder
 *
 *     handin timeline --evidence FOLDER [--assignment NAME] [--arguments "ARGS"] [--program FILE]
 *                     [--where TEXT]
 *         draws who worked when in the last step of a run, from the clocks in its logs, above what
 *         the assignment says it should look like, and exports the run for Perfetto: timeline.svg,
 *         timeline.png and trace.json in the folder. ARGS are those of the program that ran.
 *     handin timeline --ranks P [--assignment NAME] --arguments "ARGS" --out FILE
 *         draws what such a run should look like, without one
 *
 * pack and plot take --reference CURVE (of assignments/NAME/curves; default: the first in its
 * settings.csv) and --curves FOLDER (default build/curves/SUBMISSION/NAME). It runs in the root of the
 * kit.
 */
#ifndef HANDIN_HANDIN_H
#define HANDIN_HANDIN_H

#include "handin/learning_curves.h"

struct handin_options {
    char *submission; /* folder that has ASSIGNMENT/ in it */
    char *assignment;
    char *out;                   /* pack: folder to write to; made if need be */
    char *curves;                /* folder of the learning curves */
    char *reference;             /* name of a committed curve … */
    bool reference_is_asked_for; /* … which somebody chose */
    char *evidence;              /* timeline: folder of the logs */
    char *arguments;             /* timeline: those of the program that wrote the logs */
    char *program;               /* timeline: its file, for source lines */
    char *where;                 /* timeline: on which machine it ran, for the title */
    int ranks;                   /* timeline: of a run to draw that nobody ran; 0: there is none */
};

/* The program: prints, and returns the exit status: 0 done, 1 something is wrong with the
 * submission or the machine, 2 wrong usage. */
int handin_main(int argc, char **argv);

/* The commands; each returns the exit status. */
int handin_pack(const struct handin_options *options);
int handin_plot(const struct handin_options *options);
int handin_timeline(const struct handin_options *options);
int handin_timeline_of_ranks(const struct handin_options *options);

/* Is there a curve to compare with? Some assignments train nothing. */
bool handin_has_curves(const struct handin_options *options);
/* Reads the curves that the options name and draws them; *curves is NULL if there are none, or none that
 * can be used, and *drawn false without a picture. What is left out has a line in warnings. False, with
 * lines in problems, if somebody asked for a reference that does not exist. The caller frees the curves. */
bool handin_curves(const struct handin_options *options, struct learning_curves **curves,
                   bool *drawn, GString *warnings, GString *problems);
/* The command that makes a curve. The caller frees it with g_free. */
char *handin_how_to_train(const struct handin_options *options);
/* Prints problems, or warnings, each line behind "handin: ", to standard error. */
void handin_complain(const GString *problems);
void handin_warn(const GString *warnings);

#endif
