/*
 * The local web server: it listens on 127.0.0.1 alone, and answers those who know the secret part of its address. Every other
 * page of the same browser, every other name for this computer (DNS rebinding) and every other user of it is turned away before
 * anything is read.
 */
#ifndef CLASS_REVIEW_REVIEW_SERVER_H
#define CLASS_REVIEW_REVIEW_SERVER_H

#include "class/review/review_session.h"

#define REVIEW_MOST_SENT (64 << 10) /* bytes of one request's body */

struct review_server;

/* What came in, after all that the server itself checks. */
struct review_request {
    const char *path;    /* behind the secret part: "check/NAME/HANDLE" */
    const GString *body; /* NULL: it is a GET */
    const char *base;    /* what links begin with: "/SECRET/" */
};

struct review_reply {
    unsigned status;
    const char *type; /* of the content; JSON if NULL */
    GString *content;
    char *location; /* of a redirection, or NULL */
    bool stop;      /* end the server when this has been sent */
};

/* assets: the folder of review.css and review.js. port 0: a free one. NULL, and an error. Runs in a thread of its own, the only one
 * that uses the session until the server is stopped. */
struct review_server *review_server_start(struct review_session *session, const char *assets,
                                          guint16 port, GString *error);
/* Where a browser finds it. */
const char *review_server_address(const struct review_server *server);
/* Requests that are being answered are finished first. */
void review_server_stop(struct review_server *server);

/* Fills the reply (review_routes.c). */
void review_route(struct review_session *session, const struct review_request *request,
                  struct review_reply *reply);

#endif
