/* The queue of steps that wait for a Windows image's first boot, in the image itself. */
#ifndef SW_GUEST_FIRSTBOOT_H
#define SW_GUEST_FIRSTBOOT_H

#include "src/guest/exec.h"

/* The folder that the queue lies in, and that is gone once it has run. */
#define FIRSTBOOT_DIR   "C:/Windows/Slipway/FirstBoot"
#define FIRSTBOOT_QUEUE FIRSTBOOT_DIR "/queue"

enum { FIRSTBOOT_STEPS_MAX = 99999 };

/* How many steps wait in the guest; 0 where it is no Windows. */
SW_MUST_CHECK int firstboot_waiting(struct sw_guest *guest, unsigned *n, struct sw_err *err);

/*
 * Puts the step into the queue, with its inputs as they are now; the first one installs what runs the queue. With the
 * executor's beside_queue one that is there already is left as it is.
 */
SW_MUST_CHECK int firstboot_queue(struct step_ctx *ctx, unsigned waiting, struct sw_err *err);

/* What the queue's script of this build of slipway is; for those who look at it. */
const char *firstboot_script(size_t *len);

/*
 * The step's inputs as the queue has them: {"items": […]} and the texts that go beside it, which are files of the queue (name
 * and text in files, an object). number: the step's own, of five digits. decref both.
 */
SW_MUST_CHECK json_t *firstboot_items(const struct step_ctx *ctx, const char *number, json_t *files,
                                      struct sw_err *err);

#endif
