/*
 * Which request gets which reply:
 *
 *     GET                      the list of questions
 *     GET   check/NAME         leads to the first answer without points
 *     GET   check/NAME/HANDLE  an answer
 *     POST  check/NAME/HANDLE  points, comments and note for it
 *     POST  comment/NAME       a comment for this question
 *     POST  stop               ends the server
 *
 * Nothing else is there. Names are looked up among those that there are, and never become part of a path.
 */
#include "class/review/review_pages.h"
#include "class/review/review_server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define HTML "text/html; charset=utf-8"

/* ---- pages -------------------------------------------------------------------------------------------------------- */

static void reply_text(struct review_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->type = "text/plain; charset=utf-8";
    g_string_printf(reply->content, "%s\n", text);
}

static void show_question(struct review_session *session, const struct review_request *request,
                          const struct review_check *check, struct review_reply *reply)
{
    const GPtrArray *of = review_answers_of(session->answers, check->name);
    const int next = review_session_next(session, check, 0);
    if (of->len == 0) {
        reply_text(reply, MHD_HTTP_NOT_FOUND, "nobody has handed in anything that can be read");
        return;
    }
    const struct review_answer *answer = of->pdata[MAX(next, 0)];
    reply_text(reply, MHD_HTTP_SEE_OTHER, "see there");
    reply->location = g_strdup_printf("%scheck/%s/%s", request->base, check->name, answer->handle);
}

static void show(struct review_session *session, const struct review_request *request,
                 const struct review_check *check, int place, struct review_reply *reply)
{
    reply->type = HTML;
    if (check)
        review_page_answer(reply->content, session, check, place, request->base);
    else
        review_page_index(reply->content, session, request->base);
}

/* ---- what is sent ---------------------------------------------------------------------------------------------------- */

static void reply_json(struct review_reply *reply, enum review_saved saved, json_t *fine,
                       const char *error)
{
    static const unsigned statuses[] = {[REVIEW_SAVED] = MHD_HTTP_OK,
                                        [REVIEW_REFUSED] = MHD_HTTP_UNPROCESSABLE_CONTENT,
                                        [REVIEW_NOT_WRITTEN] = MHD_HTTP_INTERNAL_SERVER_ERROR};
    json_t *root = saved == REVIEW_SAVED ? json_incref(fine) : json_pack("{s:s}", "error", error);
    char *text = json_dumps(root, JSON_COMPACT);
    reply->status = text ? statuses[saved] : MHD_HTTP_INTERNAL_SERVER_ERROR;
    g_string_assign(reply->content, text ? text : "{}");
    free(text);
    json_decref(root);
    json_decref(fine);
}

static void save(struct review_session *session, const struct review_check *check, int place,
                 const json_t *given, struct review_reply *reply)
{
    const struct review_answer *answer =
        review_answers_of(session->answers, check->name)->pdata[place];
    g_autoptr(GString) error = g_string_new(NULL);
    const enum review_saved saved = review_session_save(session, check, answer, given, error);
    reply_json(reply, saved, json_pack("{s:i}", "done", review_session_done(session, check)),
               error->str);
}

static void add_comment(struct review_session *session, const struct review_check *check,
                        const json_t *given, struct review_reply *reply)
{
    g_autoptr(GString) error = g_string_new(NULL);
    const struct review_comment *comment = NULL;
    const enum review_saved saved = review_session_comment(session, check, given, &comment, error);
    json_t *fine = saved == REVIEW_SAVED
                       ? json_pack("{s:i,s:s}", "number", comment->number, "text", comment->text)
                       : NULL;
    reply_json(reply, saved, fine, error->str);
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

struct target {
    const struct review_check *check; /* NULL: the path names none */
    int place;                        /* of the answer; -1: the path names none */
    bool is_known;                    /* there is something of that name */
};

/* What "KIND/NAME" or "KIND/NAME/HANDLE" means. */
static struct target find_target(const struct review_session *session, char **words)
{
    struct target target = {.place = -1};
    const guint count = g_strv_length(words);
    if (count < 2 || count > 3)
        return target;
    target.check = review_questions_find(session->questions, words[1]);
    if (target.check && count == 3)
        target.place =
            review_answers_find(review_answers_of(session->answers, target.check->name), words[2]);
    target.is_known = target.check && (count == 2 || target.place >= 0);
    return target;
}

static void route_get(struct review_session *session, const struct review_request *request,
                      char **words, struct review_reply *reply)
{
    const struct target target = find_target(session, words);
    if (*request->path == '\0')
        show(session, request, NULL, 0, reply);
    else if (!target.is_known || strcmp(words[0], "check") != 0)
        reply_text(reply, MHD_HTTP_NOT_FOUND, "there is no such page");
    else if (target.place < 0)
        show_question(session, request, target.check, reply);
    else
        show(session, request, target.check, target.place, reply);
}

static void route_post(struct review_session *session, const struct review_request *request,
                       char **words, const json_t *given, struct review_reply *reply)
{
    const struct target target = find_target(session, words);
    if (strcmp(request->path, "stop") == 0) {
        reply->stop = true;
        reply_json(reply, REVIEW_SAVED, json_object(), "");
    } else if (!target.is_known)
        reply_text(reply, MHD_HTTP_NOT_FOUND, "there is no such answer");
    else if (strcmp(words[0], "check") == 0 && target.place >= 0)
        save(session, target.check, target.place, given, reply);
    else if (strcmp(words[0], "comment") == 0 && target.place < 0)
        add_comment(session, target.check, given, reply);
    else
        reply_text(reply, MHD_HTTP_NOT_FOUND, "there is no such answer");
}

void review_route(struct review_session *session, const struct review_request *request,
                  struct review_reply *reply)
{
    g_auto(GStrv) words = g_strsplit(request->path, "/", 5);
    if (!request->body) {
        route_get(session, request, words, reply);
        return;
    }
    json_error_t why;
    json_t *given =
        json_loadb(request->body->str, request->body->len, JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(given))
        route_post(session, request, words, given, reply);
    else
        reply_json(reply, REVIEW_REFUSED, NULL, "no JSON object in UTF-8");
    json_decref(given);
}
