/* What was made of an object and is whole: the same command finds it, should it be killed before the object is gone. */
#ifndef SW_EXPORT_MADE_H
#define SW_EXPORT_MADE_H

#include "src/export/journal.h"

/* Notes the file that lies at file->path now, and what there is to say of it (if that is not too long), in state. */
SW_MUST_CHECK int export_made_note(const struct sw_export_file *file, const char *told,
                                   struct export_state *state, struct sw_err *err);
/* True when what was noted is what is asked for, and lies there as it did. */
bool export_made_there(const struct sw_export_file *file, const struct export_state *state);
void export_made_forget(struct export_state *state);

#endif
