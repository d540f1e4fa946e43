// SPDX-License-Identifier: Apache-2.0
// account LOG COMMAND ...: runs the command and adds one line to LOG when it has ended:
//   peak resident KiB, CPU seconds, bytes read by system calls, bytes read from storage
// The last two come from /proc, which still knows a process that has ended until its parent waits.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_io(pid_t child, long long *calls, long long *storage) {
  char path[64], line[128];
  snprintf(path, sizeof path, "/proc/%d/io", (int)child);
  FILE *io = fopen(path, "r");
  if (!io) return;
  while (fgets(line, sizeof line, io)) {
    sscanf(line, "rchar: %lld", calls);
    sscanf(line, "read_bytes: %lld", storage);
  }
  fclose(io);
}

int main(int count, char **arguments) {
  if (count < 3) return 64;
  pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[2], arguments + 2);
    perror(arguments[2]);
    _exit(127);
  }
  siginfo_t end;
  if (waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) != 0) return 71;
  long long calls = -1, storage = -1;
  read_io(child, &calls, &storage);
  int status;
  struct rusage use;
  if (wait4(child, &status, 0, &use) != child) return 71;

  char line[256];
  double cpu = use.ru_utime.tv_sec + use.ru_stime.tv_sec +
               1e-6 * (use.ru_utime.tv_usec + use.ru_stime.tv_usec);
  int length = snprintf(line, sizeof line, "%ld %.3f %lld %lld\n", use.ru_maxrss, cpu, calls,
                        storage);
  int log = open(arguments[1], O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (log < 0 || write(log, line, (size_t)length) != length) return 74;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
