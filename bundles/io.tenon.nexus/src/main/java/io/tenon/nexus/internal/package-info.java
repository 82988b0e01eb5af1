/**
 * A nexus from the inside.
 *
 * <p>{@link io.tenon.nexus.internal.NexusDevice} is the block device. On each reactor it has a {@link
 * io.tenon.nexus.internal.Lane}, which takes requests and sends each as a {@link io.tenon.nexus.internal.NexusIo} to the children.
 * {@link io.tenon.nexus.internal.Membership} lives on the home reactor (the first) and says who is a child. {@link
 * io.tenon.nexus.internal.NexusService} and {@link io.tenon.nexus.internal.ServedNexus} are its face to the node.
 *
 * <h2>What is promised</h2>
 *
 * <ol>
 *   <li>An acknowledged change is on every child that may still serve a read, on any reactor.
 *   <li>Each block behaves as if there were one of it: whatever a read has shown, no later read shows something older. Overlapping
 *       changes reach all children in one order, which a host's late command from a lost connection cannot upset.
 *   <li>No host sees an error while a healthy child remains that does what is asked.
 *   <li>The last healthy child is never taken out.
 * </ol>
 *
 * <h2>How a child is taken out</h2>
 *
 * Child C fails a write on lane X, or a read, or its device says that it is lost. Lane Y stands for all other lanes.
 *
 * <pre>
 *        lane X                      home reactor                     lane Y            record
 *          │
 *  C fails ├ detach C: no I/O to C
 *          │ from here. Writes that
 *          │ C lacks are withheld.
 *          ├──── C failed ──────────────►│ C is the last healthy one?
 *          │                             │   yes: C stays, its state says why ─┐
 *          │◄─── keep C ─────────────────┼─────────────────────────────────────┘
 *          │                             │   no: C is FAULTED, with reason and time
 *          │◄─── detach C ───────────────┼──────── detach C ──────────────►│
 *          │                             ├──────── C is out ───────────────┼──────────────►│
 *          ├──── confirmed ─────────────►│◄─────── confirmed ──────────────┤ sends no more │
 *          │                             │◄─────── recorded ───────────────┼─ reads to C ──┤
 *          │                             │ all of them: settled            │
 *          │◄─── settle C ───────────────┼──────── settle C ──────────────►│
 *          │ withheld writes that only
 *          │ such children lack are
 *          ▼ acknowledged
 * </pre>
 *
 * A confirmed lane sends no new read to C. A read that it had sent before began before the acknowledgement, so it may show the old
 * data. A read that fails is sent to another child at once, without waiting for a verdict; with no other child left it waits, and is
 * answered with the fault only when its child is kept and has failed it. A withheld write whose missing child is kept is sent to that
 * child alone; when that fails too, the host gets the status. When the record fails, or a child answers that another host holds its
 * reservation, the nexus stops itself and what is withheld is never acknowledged.
 *
 * <p>A child whose connection was interrupted goes out too, even with nothing under way: restarted, its node may have forgotten what it
 * had acknowledged and not flushed, while others have it. From the moment that its device says so, and so before it can be
 * connected again, no lane uses what it reads; only the last healthy child is believed all the same.
 *
 * <p>After settling, each lane closes its channel to C when its last leg has been answered; when all have, C's device is closed.
 *
 * <h2>The order of changes</h2>
 *
 * A write, zeroing, unmap or compare-and-write holds its range in the {@link io.tenon.nexus.internal.RangeLock} from before the first
 * leg until just before the acknowledgement; a read waits once for each granule that is held when it begins. So compare-and-write is
 * atomic over all reactors and children: it holds, reads one child, compares here, writes all. Long unmaps and zeroings go in pieces.
 */
@NullMarked
package io.tenon.nexus.internal;

import org.jspecify.annotations.NullMarked;
