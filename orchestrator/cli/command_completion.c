/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripts by which shells ask what may come next (completion.h).
 */
#include <stdio.h>

#include "orchestrator/cli/command.h"

/* readline breaks words at ':' and '=', so that what stands before them is not replaced. */
static const char bash_script[] =
    "_yawl() {\n"
    "    local line bits=4 word=${COMP_WORDS[COMP_CWORD]}\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :[0-9]*) bits=${line#:} ;;\n"
    "        *) COMPREPLY+=(\"$line\") ;;\n"
    "        esac\n"
    "    done < <(yawl __completeNoDesc \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "    if ((bits & 2)); then compopt -o nospace; fi\n"
    "    if ! ((bits & 4)); then\n"
    "        compopt -o filenames\n"
    "        while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -f -- \"$word\")\n"
    "    fi\n"
    "}\n"
    "complete -F _yawl yawl\n";

static const char zsh_script[] =
    "#compdef yawl\n"
    "_yawl() {\n"
    "    local line bits=4\n"
    "    local -a candidates glue\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :[0-9]*) bits=${line#:} ;;\n"
    "        *$'\\t'*) candidates+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
    "        *) candidates+=(\"${line//:/\\\\:}\") ;;\n"
    "        esac\n"
    "    done < <(yawl __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    ((bits & 2)) && glue=(-S '')\n"
    "    ((${#candidates})) && _describe yawl candidates \"${(@)glue}\"\n"
    "    ((bits & 4)) || _files\n"
    "}\n"
    "if [[ $funcstack[1] == _yawl ]]; then _yawl \"$@\"; else compdef _yawl yawl; fi\n";

static const char fish_script[] =
    "function __yawl_ask\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    yawl __complete $words[2..-1] 2>/dev/null\n"
    "end\n"
    "function __yawl_wants_files\n"
    "    __yawl_ask | string match -qr '^:[0-3]$'\n"
    "end\n"
    "complete -c yawl -f -a \"(__yawl_ask | string match -rv '^:[0-9]')\"\n"
    "complete -c yawl -n __yawl_wants_files -F\n";

static const struct shell {
    const char *name, *script;
} shells[] = {{"bash", bash_script}, {"fish", fish_script}, {"zsh", zsh_script}};

int command_completion(struct session *session, struct error *err)
{
    const struct option_row rows[] = {
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    for (size_t i = 0; operands.count == 1 && i < ARRAY_LENGTH(shells); i++)
        if (string_eq(operands.items[0], shells[i].name))
            return fputs(shells[i].script, stdout) < 0 ? error_sys(err, "write") : 0;
    return error_set(err, "name the shell: bash, fish or zsh");
}
