/* The kit's version; see kit_version.h. */
#include "grader/kit_version.h"

#include <glib.h>

char *grader_kit_version(const char *build_folder)
{
    g_autofree char *path = g_build_filename(build_folder, "kit-version", NULL);
    char *version = NULL;
    if (!g_file_get_contents(path, &version, NULL, NULL) || *g_strstrip(version) == '\0') {
        g_free(version);
        return g_strdup("unknown");
    }
    return version;
}
