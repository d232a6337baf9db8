/* The local web server, on libmicrohttpd; see review_server.h. */
#include "class/review/review_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN_BYTES  32
#define IDLE_SECONDS 120u
#define CONNECTIONS  64u
#define ASSET_STYLE  "review.css"
#define ASSET_SCRIPT "review.js"
#define CONTENT_POLICY                                                                             \
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri "       \
    "'none'; form-action 'none'; frame-ancestors 'none'"

struct review_server {
    struct MHD_Daemon *daemon;
    struct review_session *session;
    char token[2 * TOKEN_BYTES + 1];
    char *base, *address;
    char *host[2]; /* as browsers may call it */
    char *style, *script;
};

/* One request, while it comes in. */
struct incoming {
    GString *body;
    bool is_too_large, stop;
};

/* ---- what is turned away --------------------------------------------------------------------------------------- */

/* Takes as long for a wrong one as for one that is nearly right. */
static bool is_token(const struct review_server *server, const char *text)
{
    const size_t length = strlen(server->token);
    unsigned char difference = 0;
    if (strnlen(text, length + 1) <= length || text[length] != '/')
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(text[i] ^ server->token[i]);
    return difference == 0;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

static bool is_host(const struct review_server *server, const char *host)
{
    return g_ascii_strcasecmp(host, server->host[0]) == 0 ||
           g_ascii_strcasecmp(host, server->host[1]) == 0;
}

/* Browsers say from which page a POST comes: from this one, or it is none of ours. */
static bool is_own_page(const struct review_server *server, struct MHD_Connection *connection)
{
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    return g_str_has_prefix(origin, "http://") && is_host(server, origin + strlen("http://"));
}

/* 0: it may go on. */
static unsigned refusal(const struct review_server *server, struct MHD_Connection *connection,
                        const char *url, const char *method)
{
    const bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    if (!is_host(server, header(connection, MHD_HTTP_HEADER_HOST)) || url[0] != '/' ||
        !is_token(server, url + 1))
        return MHD_HTTP_FORBIDDEN;
    if (!is_post)
        return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ? 0 : MHD_HTTP_METHOD_NOT_ALLOWED;
    if (!is_own_page(server, connection))
        return MHD_HTTP_FORBIDDEN;
    if (!g_str_has_prefix(header(connection, MHD_HTTP_HEADER_CONTENT_TYPE), "application/json"))
        return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return g_ascii_strtoull(length, NULL, 10) > REVIEW_MOST_SENT ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

/* ---- replies ------------------------------------------------------------------------------------------------------ */

static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  const struct review_reply *reply)
{
    static const char *const always[][2] = {
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"Content-Security-Policy", CONTENT_POLICY},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->content->len, reply->content->str, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    for (gsize i = 0; i < G_N_ELEMENTS(always); i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            reply->type ? reply->type : "application/json; charset=utf-8");
    if (reply->location)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
    const enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
    struct review_reply reply = {
        .status = status, .type = "text/plain; charset=utf-8", .content = g_string_new(NULL)};
    g_string_printf(reply.content, "%u: %s\n", status,
                    status == MHD_HTTP_FORBIDDEN
                        ? "not from here: open the address that make review printed"
                        : MHD_get_reason_phrase_for(status));
    const enum MHD_Result queued = send_reply(connection, &reply);
    g_string_free(reply.content, TRUE);
    return queued;
}

/* The two files of the page, and all else. */
static enum MHD_Result answer(struct review_server *server, struct MHD_Connection *connection,
                              const char *path, struct incoming *incoming, bool is_post)
{
    struct review_reply reply = {.status = MHD_HTTP_OK, .content = g_string_new(NULL)};
    const struct review_request request = {
        .path = path, .body = is_post ? incoming->body : NULL, .base = server->base};
    if (!is_post && strcmp(path, ASSET_STYLE) == 0) {
        reply.type = "text/css; charset=utf-8";
        g_string_assign(reply.content, server->style);
    } else if (!is_post && strcmp(path, ASSET_SCRIPT) == 0) {
        reply.type = "text/javascript; charset=utf-8";
        g_string_assign(reply.content, server->script);
    } else {
        review_route(server->session, &request, &reply);
    }
    incoming->stop = reply.stop;
    const enum MHD_Result queued = send_reply(connection, &reply);
    g_string_free(reply.content, TRUE);
    g_free(reply.location);
    return queued;
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

/* libmicrohttpd calls it when the head of a request is there, for each piece of its body, and once at its end. */
static enum MHD_Result receive(void *data, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *piece,
                               size_t *size, void **place)
{
    struct review_server *server = data;
    struct incoming *incoming = *place;
    (void)version;
    if (!incoming) {
        *place = incoming = g_new0(struct incoming, 1);
        incoming->body = g_string_new(NULL);
        const unsigned status = refusal(server, connection, url, method);
        return status == 0 ? MHD_YES : refuse(connection, status);
    }
    if (*size > 0) {
        incoming->is_too_large =
            incoming->is_too_large || incoming->body->len + *size > REVIEW_MOST_SENT;
        if (!incoming->is_too_large)
            g_string_append_len(incoming->body, piece, (gssize)*size);
        *size = 0;
        return MHD_YES;
    }
    if (incoming->is_too_large)
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
    return answer(server, connection, url + strlen(server->base), incoming,
                  strcmp(method, MHD_HTTP_METHOD_POST) == 0);
}

static void forget(void *data, struct MHD_Connection *connection, void **place,
                   enum MHD_RequestTerminationCode end)
{
    struct incoming *incoming = *place;
    (void)data;
    (void)connection;
    (void)end;
    if (!incoming)
        return;
    if (incoming->stop)
        kill(getpid(), SIGTERM); /* whoever started the server waits for it */
    g_string_free(incoming->body, TRUE);
    g_free(incoming);
    *place = NULL;
}

/* ---- begin and end -------------------------------------------------------------------------------------------------- */

static char *read_asset(const char *assets, const char *name, GString *error)
{
    g_autofree char *path = g_build_filename(assets, name, NULL);
    char *text = NULL;
    GError *problem = NULL;
    if (!g_file_get_contents(path, &text, NULL, &problem)) {
        g_string_append_printf(error, "a part of the kit can't be read: %s\n", problem->message);
        g_error_free(problem);
    }
    return text;
}

static bool draw_token(struct review_server *server, GString *error)
{
    unsigned char random[TOKEN_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        g_string_append_printf(error, "no random numbers: %s\n", g_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof random; i++)
        g_snprintf(server->token + 2 * i, 3, "%02x", random[i]);
    server->base = g_strdup_printf("/%s/", server->token);
    return true;
}

/* A socket that only this computer reaches, and its port. -1: there is none. */
static int open_socket(guint16 *port)
{
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    const int one = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening >= 0 && setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(listening, (const struct sockaddr *)&here, size) == 0 &&
        listen(listening, (int)CONNECTIONS) == 0 &&
        getsockname(listening, (struct sockaddr *)&here, &size) == 0) {
        *port = ntohs(here.sin_port);
        return listening;
    }
    const int problem = errno;
    if (listening >= 0)
        close(listening);
    errno = problem;
    return -1;
}

static bool listen_on(struct review_server *server, guint16 port, GString *error)
{
    const guint16 wanted = port;
    const int listening = open_socket(&port);
    if (listening < 0) {
        g_string_append_printf(error, "no server can listen on 127.0.0.1, port %u: %s (PORT=)\n",
                               (unsigned)wanted, g_strerror(errno));
        return false;
    }
    server->host[0] = g_strdup_printf("127.0.0.1:%u", (unsigned)port);
    server->host[1] = g_strdup_printf("localhost:%u", (unsigned)port);
    server->address = g_strdup_printf("http://%s%s", server->host[0], server->base);
    server->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, port, NULL, NULL, receive, server,
                         MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_CONNECTION_TIMEOUT,
                         IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
                         MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    if (server->daemon)
        return true;
    close(listening);
    g_string_append(error, "libmicrohttpd could not be started: is there memory, and a thread?\n");
    return false;
}

struct review_server *review_server_start(struct review_session *session, const char *assets,
                                          guint16 port, GString *error)
{
    struct review_server *server = g_new0(struct review_server, 1);
    server->session = session;
    server->style = read_asset(assets, ASSET_STYLE, error);
    server->script = server->style ? read_asset(assets, ASSET_SCRIPT, error) : NULL;
    if (server->script && draw_token(server, error) && listen_on(server, port, error))
        return server;
    review_server_stop(server);
    return NULL;
}

const char *review_server_address(const struct review_server *server)
{
    return server->address;
}

void review_server_stop(struct review_server *server)
{
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    g_free(server->base);
    g_free(server->address);
    g_free(server->host[0]);
    g_free(server->host[1]);
    g_free(server->style);
    g_free(server->script);
    g_free(server);
}
