/*
 * build/class/class: what an instructor does with everybody's work. `make help` lists the commands; this is the table of
 * what is behind them.
 *
 * Exit status: 0 done; 1 something is wrong with what was given or with this machine, as the message says; 2 wrong usage.
 */
#include "class/cost/cost.h"
#include "class/engines/engines.h"
#include "class/exports/exports.h"
#include "class/intake/intake.h"
#include "class/page/page.h"
#include "class/regrade/regrade.h"
#include "class/release/settings.h"
#include "class/review/review.h"
#include "class/show/show.h"
#include "class/similarity/similarity.h"
#include "class/tables/tables.h"
#include "class/viva/viva.h"
#include "common/base/environment.h"
#include "common/base/processor.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    command_function *run;
    const char *does;
} commands[] = {
    {"export", exports_command, "grades for other systems, and feedback for students"},
    {"page", page_command, "makes class.html, the page about everybody's work"},
    {"regrade", regrade_command, "grades once more, and says what differs"},
    {"review", review_command, "a page on which a person reads written answers and gives points"},
    {"review-merge", review_merge_command, "what all reviewers decided becomes points of students"},
    {"jobs", job_list_command, "which grades are to do, for an engine"},
    {"grade", job_grade_command, "does one of them"},
    {"graded", job_count_command, "how far it is, in a few lines"},
    {"tables", tables_command, "makes grades.csv and grades.sqlite"},
    {"cost", cost_command, "what grading cost, and what larger classes cost"},
    {"intake", intake_command, "takes in a folder of submissions: class/intake"},
    {"gradescope", release_settings_command,
     "what a policy says about Gradescope, for its autograder"},
    {"show", show_command, "who handed in what, and how far grading is"},
    {"similarity", similarity_command, "which programs look alike: pairs, side by side"},
    {"viva", viva_command,
     "questions for an oral examination, from a student's own program and trace"},
};

static int complain_of(const char *name)
{
    fprintf(stderr, "class: %s%s%s\n", name ? "there is no command \"" : "which command?",
            name ? name : "", name ? "\"; there are:" : " There are:");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stderr, "  %-12s %s\n", commands[i].name, commands[i].does);
    return COMMAND_USAGE;
}

/* For scripts, which do what there is. */
static int list_names(void)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        puts(commands[i].name);
    return COMMAND_DONE;
}

int main(int argc, char **argv)
{
    processor_must_fit();
    environment_start_again(argv);
    setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "commands") == 0)
        return list_names();
    return complain_of(argc > 1 ? argv[1] : NULL);
}
