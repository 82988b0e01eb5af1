package io.tenon.shell.internal;

import io.tenon.shell.api.Role;

/** How lines are understood: admins have Gogo's language, everybody else has words. */
interface Language {
  /** The least role that the line needs; {@link Role#VIEWER} when it certainly only reads. */
  Role needs(String line);

  /** In this thread, which is interrupted to stop it. What there is to say is printed. */
  void run(String line) throws Exception;

  /** Forgets what the session holds; a line may still run. */
  void close();
}
