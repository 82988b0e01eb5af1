package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands of one queue: as many as may be outstanding, used again and again. The queue's reactor only. */
final class HostCommands {
  private final HostCommand[] commands;

  /** Stack of free commands. */
  private final int[] free;

  private int freeCount;

  HostCommands(HostMemory memory, int count) {
    this.commands = new HostCommand[count];
    this.free = new int[count];
    for (int i = count - 1; i >= 0; i--) {
      long pdu = memory.capsule(i);
      commands[i] = new HostCommand(i, pdu, pdu + Pdu.ENTRY);
      free[freeCount++] = i;
    }
  }

  boolean isAnyFree() {
    return freeCount > 0;
  }

  /** One that is free; there is one. */
  HostCommand take() {
    return commands[free[--freeCount]];
  }

  /** This one, which is free. */
  HostCommand take(int id) {
    int place = 0;
    while (free[place] != id) {
      if (++place == freeCount) throw Check.bug("command %d is not free", id);
    }
    free[place] = free[--freeCount];
    return commands[id];
  }

  void give(HostCommand command) {
    free[freeCount++] = command.id;
  }

  List<HostCommand> free() {
    var found = new ArrayList<HostCommand>();
    for (int i = 0; i < freeCount; i++) found.add(commands[free[i]]);
    return found;
  }

  @Nullable HostCommand active(int id) {
    return id < commands.length && commands[id].active ? commands[id] : null;
  }

  /** Identifiers of those that the controller has. */
  List<Integer> active() {
    var found = new ArrayList<Integer>();
    for (HostCommand command : commands) if (command.active) found.add(command.id);
    return found;
  }

  boolean isAnyActive() {
    for (HostCommand command : commands) if (command.active) return true;
    return false;
  }

  /** As {@link #isAnyActive}, without those that are answered when something happens. */
  boolean isAnyAwaited() {
    for (HostCommand command : commands) if (command.active && !command.isPatient) return true;
    return false;
  }

  /** One that should have been answered by now. */
  @Nullable HostCommand overdue(long nowNs, long timeoutNs) {
    for (HostCommand command : commands) {
      if (!command.active || command.isPatient) continue;
      if (nowNs - command.startedNs >= timeoutNs) return command;
    }
    return null;
  }

  /** No answer will come. */
  void lose(IoStatus status) {
    for (HostCommand command : commands) {
      if (!command.active) continue;
      command.active = false;
      HostCommand.Owner to = command.owner;
      if (to != null) to.lost(command, status);
    }
  }
}
