/* Gradescope's metadata; see gradescope.h. */
#include "class/intake/gradescope.h"

#include "class/intake/handed.h"
#include "grader/text/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

static void free_member(gpointer pointer)
{
    struct member *member = pointer;
    g_free(member->id);
    g_free(member->name);
    g_free(member->email);
    g_free(member);
}

static void free_metadata(gpointer pointer)
{
    struct intake_metadata *metadata = pointer;
    g_ptr_array_unref(metadata->members);
    g_free(metadata->created_at);
    g_free(metadata);
}

static const char *scalar(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* The value under a key of a mapping, with or without the colon that Ruby's symbols begin with; NULL: none. */
static yaml_node_t *value_of(yaml_document_t *document, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const char *name = scalar(yaml_document_get_node(document, pair->key));
        if (name && strcmp(name[0] == ':' ? name + 1 : name, key) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static struct member *read_member(yaml_document_t *document, const yaml_node_t *node)
{
    const char *name = scalar(value_of(document, node, "name"));
    const char *sid = scalar(value_of(document, node, "sid"));
    const char *email = scalar(value_of(document, node, "email"));
    const char *id = sid && *sid ? sid : email && *email ? email : name;
    return id && *id ? intake_member_new(id, name ? name : "", email) : NULL;
}

static struct intake_metadata *read_one(yaml_document_t *document, const yaml_node_t *node)
{
    struct intake_metadata *metadata = g_new0(struct intake_metadata, 1);
    const yaml_node_t *list = value_of(document, node, "submitters");
    metadata->members = g_ptr_array_new_with_free_func(free_member);
    metadata->created_at = g_strdup(scalar(value_of(document, node, "created_at")));
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return metadata;
    for (yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        struct member *member = read_member(document, yaml_document_get_node(document, *item));
        if (member)
            g_ptr_array_add(metadata->members, member);
    }
    return metadata;
}

static GHashTable *read_all(yaml_document_t *document)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_metadata);
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root || root->type != YAML_MAPPING_NODE)
        return table;
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++) {
        const char *folder = scalar(yaml_document_get_node(document, pair->key));
        if (folder)
            g_hash_table_insert(table, g_strdup(folder),
                                read_one(document, yaml_document_get_node(document, pair->value)));
    }
    return table;
}

GHashTable *intake_gradescope_read(const char *path, GString *error)
{
    FILE *file = fopen(path, "re");
    yaml_parser_t parser;
    yaml_document_t document;
    if (!file || !yaml_parser_initialize(&parser)) {
        g_string_append_printf(error, "%s can't be read: %s\n", path, strerror(errno));
        if (file)
            fclose(file);
        return NULL;
    }
    GHashTable *table = NULL;
    yaml_parser_set_input_file(&parser, file);
    if (yaml_parser_load(&parser, &document)) {
        table = read_all(&document);
        yaml_document_delete(&document);
    } else {
        g_string_append_printf(error, "%s:%zu: is no YAML: %s\n", path,
                               parser.problem_mark.line + 1,
                               parser.problem ? parser.problem : "unreadable");
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return table;
}
