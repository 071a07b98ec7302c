/* Memory for keys: locked while there is room, elsewhere when there is not, and nothing of it in a child. */
#include "memory.h"
#include "src/seal/keyring.h"
#include "src/seal/secret.h"

#include <sys/wait.h>

/* The flags of the mapping that holds at, as /proc/self/smaps has them. */
static void flags_of(const void *at, char flags[256])
{
    SW_AUTO_FILE FILE *smaps = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false;

    assert_non_null(smaps);
    flags[0] = '\0';
    while (fgets(line, sizeof(line), smaps) != NULL) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, 256, "%.200s", line + 8);
    }
}

static bool has_flag(const char *flags, const char *flag)
{
    char spaced[8];

    snprintf(spaced, sizeof(spaced), " %s ", flag);
    return strstr(flags, spaced) != NULL;
}

/* True when a forked child finds only zeros there. */
static bool child_sees_zeros(const uint8_t *at, size_t len)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        uint8_t any = 0;

        for (size_t i = 0; i < len; i++)
            any |= at[i];
        _exit(any == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_memory(uint8_t *memory, bool locked)
{
    char flags[256];

    memset(memory, 0x5a, 100);
    flags_of(memory, flags);
    assert_true(has_flag(flags, "dd")); /* not in a dump */
    assert_true(has_flag(flags, "wf")); /* wiped on fork */
    assert_int_equal(has_flag(flags, "lo"), locked);
    assert_true(child_sees_zeros(memory, 100));
}

/* Runs in a child of its own: key memory is locked once in a process. */
static void in_child(void (*run)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void use_key_memory(void)
{
    uint8_t *memory;

    assert_true(seal_key_memory_lock());
    assert_true(seal_key_memory_lock());
    memory = seal_key_new(100);
    check_memory(memory, true);
    seal_key_free(memory, 100);
}

static void keys_lie_in_locked_memory_that_no_dump_and_no_child_has(void **state)
{
    (void)state;
    in_child(use_key_memory);
}

/* Nothing is lost when there is no more room: what does not fit is in memory that is not locked. */
static void fill_key_memory(void)
{
    enum { PIECES = 2 * SEAL_KEY_MEMORY_BYTES / (64 << 10) };
    uint8_t *pieces[PIECES];
    char flags[256];
    int locked = 0;

    (void)seal_key_memory_lock();
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = seal_key_new(64 << 10);
        assert_non_null(pieces[i]);
        memset(pieces[i], i + 1, 64 << 10);
        flags_of(pieces[i], flags);
        locked += has_flag(flags, "lo");
    }
    assert_true(locked > 0 && locked < PIECES);
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(pieces[i][0], i + 1);
        seal_key_free(pieces[i], 64 << 10);
    }
    pieces[0] = seal_key_new(64 << 10);
    check_memory(pieces[0], true);
    seal_key_free(pieces[0], 64 << 10);
}

static void full_key_memory_fails_nobody(void **state)
{
    (void)state;
    in_child(fill_key_memory);
}

static void memory_comes_zeroed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint8_t *memory = seal_key_new(200);

        for (size_t at = 0; at < 200; at++)
            assert_int_equal(memory[at], 0);
        memset(memory, 0xee, 200);
        seal_key_free(memory, 200);
    }
}

static void plaintext_is_in_no_dump_and_no_child_either(void **state)
{
    uint8_t *memory = seal_arena_new(1 << 20);

    (void)state;
    check_memory(memory, false);
    seal_arena_free(memory, 1 << 20);
}

static void a_key_of_a_ring_lies_where_keys_lie(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = aes_ring(SW_KEY_OPEN, 0x33);
    char flags[256];

    (void)state;
    flags_of(ring->keys[0].priv, flags);
    assert_true(has_flag(flags, "dd") && has_flag(flags, "wf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_lie_in_locked_memory_that_no_dump_and_no_child_has),
        cmocka_unit_test(full_key_memory_fails_nobody),
        cmocka_unit_test(memory_comes_zeroed),
        cmocka_unit_test(plaintext_is_in_no_dump_and_no_child_either),
        cmocka_unit_test(a_key_of_a_ring_lies_where_keys_lie),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
