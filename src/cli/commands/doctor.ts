import type { Register } from './register.ts';

export const registerDoctor: Register = (program, exit) => {
  program
    .command('doctor')
    .description('say what of Node, GPU, driver, NVRTC and cache was found, what is missing, and how to get it')
    .option('--json', 'print one JSON object')
    .action(async (options) => {
      const { doctorCommand } = await import('../doctor/command.ts');
      exit(doctorCommand(options));
    });
};
