/* Rows of cells; see cells.h. */
#include "class/students/cells.h"

#include <csv.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct reading {
    GPtrArray *rows;
    GPtrArray *row;
};

static void take_cell(void *text, size_t length, void *data)
{
    struct reading *reading = data;
    g_ptr_array_add(reading->row, g_strndup(text ? text : "", text ? length : 0));
}

static void take_row(int end, void *data)
{
    struct reading *reading = data;
    (void)end;
    g_ptr_array_add(reading->rows, reading->row);
    reading->row = g_ptr_array_new_with_free_func(g_free);
}

static bool parse(const char *text, gsize length, struct reading *reading, GString *error)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        g_string_append(error, "libcsv can't be set up");
        return false;
    }
    const bool whole = csv_parse(&parser, text, length, take_cell, take_row, reading) == length &&
                       csv_fini(&parser, take_cell, take_row, reading) == 0;
    if (!whole)
        g_string_append_printf(error, "row %u: %s", reading->rows->len + 1,
                               csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    return whole;
}

static void free_row(gpointer row)
{
    g_ptr_array_unref(row);
}

GPtrArray *cells_read(const char *path, GString *error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    GError *problem = NULL;
    if (!g_file_get_contents(path, &text, &length, &problem)) {
        g_string_append_printf(error, "%s\n", problem->message);
        g_error_free(problem);
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize)length, NULL)) {
        g_string_append_printf(error, "%s: not UTF-8; save it as CSV in UTF-8\n", path);
        return NULL;
    }
    const gsize mark = g_str_has_prefix(text, BYTE_ORDER_MARK) ? strlen(BYTE_ORDER_MARK) : 0;
    struct reading reading = {g_ptr_array_new_with_free_func(free_row),
                              g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GString) why = g_string_new(NULL);
    const bool read = parse(text + mark, length - mark, &reading, why);
    g_ptr_array_unref(reading.row);
    if (read)
        return reading.rows;
    g_string_append_printf(error, "%s: %s\n", path, why->str);
    g_ptr_array_unref(reading.rows);
    return NULL;
}

int cells_column(const GPtrArray *header, const char *heading)
{
    for (guint i = 0; i < header->len; i++) {
        g_autofree char *cell = g_strdup(header->pdata[i]);
        if (g_ascii_strcasecmp(g_strstrip(cell), heading) == 0)
            return (int)i;
    }
    return -1;
}

const char *cells_at(const GPtrArray *row, int column)
{
    return column >= 0 && (guint)column < row->len ? row->pdata[column] : "";
}

static void begin_cell(GString *to)
{
    if (to->len > 0 && to->str[to->len - 1] != '\n')
        g_string_append_c(to, ',');
}

void cells_append(GString *to, const char *text)
{
    const bool formula = *text && strchr("=+-@\t\r", *text);
    g_autofree char *shown = g_strconcat(formula ? "'" : "", text, NULL);
    const size_t length = strlen(shown);
    const size_t size = csv_write(NULL, 0, shown, length);
    g_autofree char *cell = g_malloc(size + 1);
    csv_write(cell, size, shown, length);
    cell[size] = '\0';
    begin_cell(to);
    /* libcsv puts every cell into quotes: those that need none are easier to read without. */
    if (length > 0 && !strpbrk(shown, "\",\n\r ") && size == length + 2)
        g_string_append_len(to, shown, (gssize)length);
    else
        g_string_append(to, cell);
}

void cells_append_number(GString *to, double number, int decimals)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE], format[8];
    g_snprintf(format, sizeof format, "%%.%df", decimals);
    begin_cell(to);
    g_string_append(to, g_ascii_formatd(text, sizeof text, format, number));
}

void cells_end_row(GString *to)
{
    g_string_append_c(to, '\n');
}
