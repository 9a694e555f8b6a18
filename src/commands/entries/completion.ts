import type { CommandEntry } from '../entry.ts'

export const completion: CommandEntry = {
  usage: 'completion <shell>',
  summary: 'print the completion script of a shell',
  group: 'setup',
  about:
    'bash: source <(task-mcp completion bash) in ~/.bashrc. zsh: source <(task-mcp completion zsh) in ~/.zshrc, after compinit. fish: task-mcp completion fish > ~/.config/fish/completions/task-mcp.fish',
  words: { shell: { about: 'bash, zsh or fish', completes: ['bash', 'zsh', 'fish'] } },
  options: [],
  examples: [{ line: 'source <(task-mcp completion bash)', about: 'in this bash, now' }],
  cluster: false,
  load: () => import('../completion.ts'),
}
