/* What copies and ciphers leave in a processor's vector registers. */
#ifndef SW_BASE_REGISTERS_H
#define SW_BASE_REGISTERS_H

/*
 * Wipes the calling thread's: after plaintext was copied or changed, so that a thread which waits holds none of it for
 * whoever looks at its registers (a core that was forced, a debugger). Some ten nanoseconds; nothing on processors other
 * than x86-64.
 */
void sw_registers_wipe(void);

#endif
