/*
 * class review --out OUT --assignment NAME [--reviewer NAME] [--port NUMBER] [--kit FOLDER]
 *
 * Prints the address of the page, and serves it until it is interrupted or its button is pressed.
 * Exit status: 0 ended; 1 something is wrong, as the message says; 2 wrong usage.
 */
#include "class/review/review.h"

#include "class/review/review_server.h"
#include "class/students/class.h"

#include <signal.h>
#include <stdio.h>

struct review_words {
    char *out, *assignment, *reviewer, *kit;
    int port;
    double share;
};

static bool parse(struct review_words *words, int *argc, char ***argv, GString *error)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &words->out, "the folder of the class", "FOLDER"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &words->assignment, "whose answers", "NAME"},
        {"reviewer", 'r', 0, G_OPTION_ARG_STRING, &words->reviewer,
         "who reads (the name of your account)", "NAME"},
        {"port", 'p', 0, G_OPTION_ARG_INT, &words->port, "of 127.0.0.1 (a free one)", "NUMBER"},
        {"larger-than", 0, 0, G_OPTION_ARG_DOUBLE, &words->share,
         "what reviewer \"settled\" is shown: differences above this share of an item's points "
         "(0.25)",
         "SHARE"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &words->kit, "the kit's folder (.)", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- reviews written answers");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    const bool parsed = g_option_context_parse(context, argc, argv, &wrong);
    if (!words->kit)
        words->kit = g_strdup(".");
    if (!words->reviewer)
        words->reviewer = g_strdup(g_get_user_name());
    if (!parsed)
        g_string_append(error, wrong->message);
    else if (!words->out || !*words->out)
        g_string_append(error, "which class? --out FOLDER (make review OUT=FOLDER)");
    else if (!words->assignment)
        g_string_append(error, "of which assignment? --assignment NAME");
    else if (words->port < 0 || words->port > G_MAXUINT16)
        g_string_append(error, "a port is a number from 1 to 65535");
    else if (!(words->share >= 0 && words->share <= 1))
        g_string_append(error, "--larger-than is a share, from 0 to 1");
    else if (!review_is_reviewer(words->reviewer))
        g_string_append(error, "a reviewer's name has letters, digits, . and _, begins with a "
                               "letter or digit, and is not \"comments\" (REVIEWER=)");
    return error->len == 0;
}

/* Is it one of those that the class has? */
static bool has_assignment(const struct review_words *words, GString *error)
{
    struct class *class = class_read(words->out, error);
    const bool has = class && g_ptr_array_find_with_equal_func(
                                  class->assignments, words->assignment, g_str_equal, NULL);
    if (class && !has)
        g_string_append_printf(error, "this class has no assignment \"%s\"\n", words->assignment);
    class_free(class);
    return has;
}

/* Signals come to whoever waits for them here, not to the server's thread. */
static void wait_for(const sigset_t *ends)
{
    int signal_number;
    while (sigwait(ends, &signal_number) != 0)
        ;
}

static bool serve(const struct review_words *words, GString *error)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    g_autofree char *assets = g_build_filename(words->kit, "class", "review", "page", NULL);
    struct review_session *session = review_session_open(words->kit, words->out, words->assignment,
                                                         words->reviewer, words->share, error);
    struct review_server *server =
        session ? review_server_start(session, assets, (guint16)words->port, error) : NULL;
    if (server) {
        printf("Review of %s by %s: open\n\n  %s\n\nin a browser on this computer. The address is "
               "a key: give it to nobody.\nAll is saved as you go, in %s.\nCtrl-C, or the button "
               "on the page, ends it.\n",
               words->assignment, words->reviewer, review_server_address(server),
               session->table->path);
        fflush(stdout);
        wait_for(&ends);
        review_server_stop(server);
        printf(
            "The review has ended. make review-merge OUT=… brings the points to the students.\n");
    }
    if (session)
        review_session_close(session);
    return server != NULL;
}

int review_command(int argc, char **argv)
{
    struct review_words words = {.share = REVIEW_SHARE};
    g_autoptr(GString) error = g_string_new(NULL);
    int status = COMMAND_USAGE;
    if (parse(&words, &argc, &argv, error))
        status =
            has_assignment(&words, error) && serve(&words, error) ? COMMAND_DONE : COMMAND_FAILED;
    if (error->len > 0)
        fprintf(stderr, "class review: %s%s", error->str,
                g_str_has_suffix(error->str, "\n") ? "" : "\n");
    g_free(words.out);
    g_free(words.assignment);
    g_free(words.reviewer);
    g_free(words.kit);
    return status;
}
