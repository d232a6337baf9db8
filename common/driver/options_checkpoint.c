/*
 * The options about checkpoints (options_parts.h): when they are made, where they are, and whether a run
 * goes on from the last one.
 */
#include "common/driver/options_parts.h"

error_t options_read_checkpoint(struct parsing *parsing, int key, char *text)
{
    struct options *options = parsing->options;
    switch (key) {
    case OPTIONS_KEY_CHECKPOINT:
        return parsing_int(parsing, "--checkpoint", text, 1, INT_MAX, &options->checkpoint);
    case OPTIONS_KEY_CHECKPOINT_FOLDER:
        return parsing_text(parsing, "--checkpoint-folder", text, options->checkpoint_folder,
                            sizeof options->checkpoint_folder);
    case OPTIONS_KEY_RESUME:
        options->resume = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A run that goes on has no first step and no log of it, and what is judged has both. */
error_t options_finish_checkpoints(struct parsing *parsing)
{
    const struct options *options = parsing->options;
    const char *option = options->checkpoint > 0 ? "--checkpoint" : "--resume";
    const bool folder = options->checkpoint_folder[0] != '\0';
    if (options->checkpoint == 0 && !options->resume)
        return !folder ? 0
                       : parsing_refuse(parsing,
                                        "--checkpoint-folder %.60s: says where; --checkpoint N "
                                        "says how often, and --resume goes on from there",
                                        options->checkpoint_folder);
    if (!folder)
        return parsing_refuse(parsing, "%s: needs --checkpoint-folder FOLDER", option);
    if (options->device == DEVICE_META)
        return parsing_refuse(parsing, "%s: --device meta has no numbers to store", option);
    const char *other = options->evidence[0] != '\0'  ? "--evidence"
                        : options->against[0] != '\0' ? "--against"
                        : options->probe[0] != '\0'   ? "--probe"
                        : options->compare            ? "--compare"
                                                      : NULL;
    if (other != NULL)
        return parsing_refuse(parsing,
                              "%s: can't be used with %s, which looks at a run from its first "
                              "step; leave one of them out",
                              option, other);
    return 0;
}
