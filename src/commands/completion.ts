/** `task-mcp completion <shell>`: a small script that asks `task-mcp __complete` for each word, so it never goes stale. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'

const bash = `# task-mcp completion for bash
_task_mcp() {
  local line words current="\${COMP_WORDS[COMP_CWORD]}" IFS=$'\\n'
  COMPREPLY=()
  # bash splits --flag=value at "="; put it together again
  words=()
  local index=1 word
  while [ "$index" -le "$COMP_CWORD" ]; do
    word="\${COMP_WORDS[index]}"
    if [ "$word" = "=" ] && [ "\${#words[@]}" -gt 0 ]; then
      index=$((index + 1))
      words[\${#words[@]}-1]+="="
      if [ "$index" -le "$COMP_CWORD" ]; then words[\${#words[@]}-1]+="\${COMP_WORDS[index]}"; fi
    else
      words+=("$word")
    fi
    index=$((index + 1))
  done
  [ "$current" = "=" ] && current=""
  while IFS= read -r line; do
    case "$line" in
      :file) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$current")) ;;
      :directory) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$current")) ;;
      *)
        line="\${line%%$'\\t'*}"
        case "$line" in --*=*) [ "\${COMP_WORDS[COMP_CWORD]}" != "\${words[\${#words[@]}-1]}" ] && line="\${line#*=}" ;; esac
        COMPREPLY+=("$line")
        ;;
    esac
  done < <(task-mcp __complete "\${words[@]}" 2>/dev/null)
}
complete -F _task_mcp task-mcp
`

const zsh = `#compdef task-mcp
# task-mcp completion for zsh
_task_mcp() {
  local line
  local -a candidates
  for line in "\${(@f)$(task-mcp __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      '') ;;
      :file) _files ;;
      :directory) _files -/ ;;
      *) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  if (( \${#candidates} )); then _describe -V 'task-mcp' candidates; fi
}
if [ "$funcstack[1]" = "_task_mcp" ]; then _task_mcp "$@"; else compdef _task_mcp task-mcp; fi
`

const fish = `# task-mcp completion for fish
function __task_mcp_complete
  set -l words (commandline -opc)[2..-1]
  for line in (task-mcp __complete $words (commandline -ct) 2>/dev/null)
    switch $line
      case ':file'
        __fish_complete_path (commandline -ct)
      case ':directory'
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c task-mcp -f -a '(__task_mcp_complete)'
`

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish }

/** Print the script for a shell. */
export async function run(context: Context, [shell = '']: readonly string[], options: { json: boolean }): Promise<ExitCode> {
  const script = scripts[shell]
  if (script === undefined) {
    const meant = nearest(shell, Object.keys(scripts))
    throw new UsageError(
      `there is no completion for "${shell}"`,
      `${meant ? `did you mean ${meant}?  ` : ''}there is one for bash, zsh and fish`,
    )
  }
  context.terminal.out(options.json ? `${JSON.stringify({ shell, script })}\n` : script)
  return exit.ok
}
