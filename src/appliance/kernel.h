/* A kernel's file: which version it is, and the program in it. */
#ifndef SW_APPLIANCE_KERNEL_H
#define SW_APPLIANCE_KERNEL_H

#include "src/base/buf.h"

enum { KERNEL_VERSION_BYTES = 128 };

/*
 * "6.1.0-56-cloud-amd64" of an x86 bzImage, by its header (Documentation/arch/x86/boot.rst, kernel_version). SW_FAILED when it is
 * none, or names no version that could be a folder's name.
 */
SW_MUST_CHECK int bzimage_version(const void *bytes, size_t len, char version[KERNEL_VERSION_BYTES],
                                  struct sw_err *err);

/*
 * The ELF program that a bzImage holds compressed (boot.rst, payload_offset), appended to out. SW_FAILED when there is none, or
 * when qemu could not start it: it needs the note that names PVH's entry (type 18, XEN_ELFNOTE_PHYS32_ENTRY).
 */
SW_MUST_CHECK int bzimage_program(const void *bytes, size_t len, struct sw_buf *out, struct sw_err *err);

#endif
