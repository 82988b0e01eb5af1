package io.tenon.transport.nvmetcp.internal.target;

import org.jspecify.annotations.Nullable;

/** The commands of one connection: as many as its queue has entries, used again and again. The connection's reactor only. */
final class CommandSlots {
  private final TargetConnection connection;
  private final ConnectionMemory memory;
  private TargetCommand[] commands = {};

  /** Stack of free slots: the last used is the warmest. */
  private int[] free = {};

  private int freeCount;

  CommandSlots(TargetConnection connection, ConnectionMemory memory) {
    this.connection = connection;
    this.memory = memory;
  }

  /** To so many; never fewer than before. */
  void grow(int depth) {
    int before = commands.length;
    if (depth <= before) return;
    var more = new TargetCommand[depth];
    var moreFree = new int[depth];
    System.arraycopy(commands, 0, more, 0, before);
    int added = depth - before;
    System.arraycopy(free, 0, moreFree, added, freeCount);
    for (int slot = before; slot < depth; slot++) {
      more[slot] = new TargetCommand(connection, slot, memory.sqe(slot));
      moreFree[depth - 1 - slot] = slot;
    }
    commands = more;
    free = moreFree;
    freeCount += added;
  }

  /** How many are free. */
  int free() {
    return freeCount;
  }

  /** One that is free; there is one. */
  TargetCommand take() {
    return commands[free[--freeCount]];
  }

  void give(TargetCommand command) {
    free[freeCount++] = command.slot;
  }

  /** The command that waits for data with this transfer tag. */
  @Nullable TargetCommand receiving(int tag) {
    if (tag >= commands.length) return null;
    TargetCommand command = commands[tag];
    return command.state == TargetCommand.State.RECEIVING ? command : null;
  }

  /** One waits for data. */
  boolean isReceiving() {
    for (TargetCommand command : commands) {
      if (command.state == TargetCommand.State.RECEIVING) return true;
    }
    return false;
  }

  /**
   * Nothing is on its way but what can begin anew.
   *
   * @param resting commands that the model has and gives back
   */
  boolean areQuiet(int resting) {
    int executing = 0;
    for (TargetCommand command : commands) {
      switch (command.state) {
        case FREE, WAITING -> {}
        case EXECUTING -> executing++;
        case BEGUN, RECEIVING, RESPONDING -> {
          return false;
        }
      }
    }
    return executing == resting;
  }

  /** Of a connection that is over: what the model has not got ends here. */
  void endUnstarted() {
    for (TargetCommand command : commands) {
      switch (command.state) {
        case BEGUN, WAITING, RECEIVING -> connection.sent(command);
        case FREE, EXECUTING, RESPONDING -> {}
      }
    }
  }
}
