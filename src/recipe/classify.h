/* What a step needs: the claims, and the tables of the words that make them. */
#ifndef SW_RECIPE_CLASSIFY_H
#define SW_RECIPE_CLASSIFY_H

#include "src/recipe/doc.h"
#include "src/recipe/shell.h"

/* A step being classified; node is the text that is looked at. */
struct sw_classifier {
    struct sw_step_class *out;
    const struct sw_node *node;
    bool nested;   /* the script is a word of another: its claims are made where that word is */
    size_t offset; /* of the word */
    unsigned depth;
};

/* Adds a claim for what stands at this offset of the text. what: "yum install". */
void sw_claim(struct sw_classifier *c, size_t offset, enum sw_need need, const char *what, const char *why);

/* The commands of a bash script; classify_shell.c. */
void sw_classify_bash(struct sw_classifier *c, const char *text, size_t len);
/* One command as its words; classify_shell.c. */
void sw_classify_command(struct sw_classifier *c, const struct sw_command *command);
/* A PowerShell script; classify_powershell.c. */
void sw_classify_powershell(struct sw_classifier *c, const char *text, size_t len);

/* A program, and what it needs with one of these words among its first arguments; classify_words.c. */
struct sw_program {
    const char *name;
    const char *verbs; /* " install update "; NULL: whatever it is given */
    enum sw_need need;
    const char *why;
};
/* The row for the program with this argument (NULL: with any); NULL when there is none. */
const struct sw_program *sw_program_find(const char *name, const char *verb);

#endif
