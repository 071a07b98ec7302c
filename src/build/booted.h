/* A guest of a build that is booted: the runner put into an overlay, the machine over it, a component's phases in it. */
#ifndef SW_BUILD_BOOTED_H
#define SW_BUILD_BOOTED_H

#include "slipway/boot.h"
#include "src/build/stage.h"

/* Zero-initialise it, set the first six; booted_close. */
struct booted {
    const struct stage *stage;
    const char *overlay, *scratch; /* a qcow2 over the layer, and a private folder */
    const char *console;           /* the name of the console's log */
    bool dropped;                  /* the overlay is not kept: it loses its name */
    bool network;                  /* as the recipe says; else it has none */
    struct sw_seed seed;
    struct sw_machine *machine;
    struct sw_guest *guest; /* another one after a restart */
};

/* Puts the runner into a guest that is mounted; SW_REFUSED where nothing would start it. */
SW_MUST_CHECK int booted_plant(struct booted *booted, struct sw_guest *mounted, struct sw_err *err);
/*
 * Boots it as the layer of that digest is laid out, and waits until its services are up.
 * On failure there may be a machine, and a picture of its screen is taken.
 */
SW_MUST_CHECK int booted_start(struct booted *booted, const char *digest, struct sw_err *err);
/*
 * Runs layer i's phases of that kind; a restart that they ask for is a real one. On failure a picture is taken, and where that is
 * wanted a shell opened.
 */
SW_MUST_CHECK int booted_phase(struct booted *booted, size_t i, enum sw_phase_kind kind, json_t *outputs,
                               struct sw_err *err);
/* Takes the runner away and lets the system power itself off: the overlay is what it left. */
SW_MUST_CHECK int booted_finish(struct booted *booted, struct sw_err *err);
/* For a system that is to be looked into later: shut down if it still can be. The runner stays in it. */
void booted_give_up(struct booted *booted);
void booted_close(struct booted *booted);

#endif
