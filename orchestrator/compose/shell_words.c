/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/shell_words.h"

#include <string.h>

#include "common/text.h"

struct splitter {
    struct arena *arena;
    struct string_list *words;
    struct text *word;
    bool begun; /* a word has begun, maybe an empty quoted one */
    bool single, two, back, dollar;
    bool cut;
};

static void end_word(struct splitter *splitter)
{
    if (!splitter->begun)
        return;
    string_list_add(splitter->arena, splitter->words,
                    arena_strdup(splitter->arena, text_get(splitter->word)));
    text_clear(splitter->word);
    splitter->begun = false;
}

static void add_char(struct splitter *splitter, char c)
{
    text_append_char(splitter->word, c);
    splitter->begun = true;
}

static bool quoted(const struct splitter *splitter)
{
    return splitter->single || splitter->two || splitter->back || splitter->dollar;
}

/* Quotes of every kind. Command substitutions are not run: their text stays, brackets included. */
static bool take_quote(struct splitter *splitter, char c)
{
    if (c == '\'' && !splitter->two && !splitter->back && !splitter->dollar) {
        splitter->single = !splitter->single;
        splitter->begun = true;
        return true;
    }
    if (c == '"' && !splitter->single && !splitter->back && !splitter->dollar) {
        splitter->two = !splitter->two;
        splitter->begun = true;
        return true;
    }
    if (c == '`' && !splitter->single && !splitter->two && !splitter->dollar)
        splitter->back = !splitter->back;
    return false;
}

static int take_bracket(struct splitter *splitter, char c, struct error *err)
{
    const char *word = text_get(splitter->word);
    size_t length = splitter->word->length;

    if (splitter->single || splitter->two || splitter->back)
        return 0;
    if (c == '(' && !splitter->dollar) {
        if (length == 0 || word[length - 1] != '$')
            return error_set(err, "invalid command line string");
        splitter->dollar = true;
    } else if (c == ')' && splitter->dollar) {
        splitter->dollar = false;
    } else if (c == '(' || c == ')') {
        return error_set(err, "invalid command line string");
    }
    return 0;
}

int shell_words_split(struct arena *arena, const char *text, struct string_list *ret_words,
                      bool *ret_cut, struct error *err)
{
    scoped_text struct text word = {0};
    struct string_list words = {0};
    struct splitter splitter = {.arena = arena, .words = &words, .word = &word};
    const char *p;

    for (p = text; *p; p++) {
        if (*p == '\\' && !splitter.single) {
            if (!*++p)
                return error_set(err, "invalid command line string");
            add_char(&splitter, *p);
            continue;
        }
        if (strchr(" \t\r\n", *p) && !quoted(&splitter)) {
            end_word(&splitter);
            continue;
        }
        if (take_quote(&splitter, *p))
            continue;
        if ((*p == '(' || *p == ')') && take_bracket(&splitter, *p, err) < 0)
            return -1;
        if (strchr(";&|<>", *p) && !quoted(&splitter))
            break;
        add_char(&splitter, *p);
    }
    if (quoted(&splitter))
        return error_set(err, "invalid command line string");
    /* "2>file" names a descriptor, not a word. */
    if (*p == '>' && word.length == 1 && word.data[0] >= '0' && word.data[0] <= '9')
        splitter.begun = false;
    end_word(&splitter);
    *ret_cut = *p != '\0';
    *ret_words = words;
    return 0;
}
