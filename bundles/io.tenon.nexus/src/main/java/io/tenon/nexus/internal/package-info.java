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
 *   <li>A child that has come back gives, alone, every acknowledged change, before anybody may read it.
 *   <li>A rebuild lowers nobody's health but its destination's.
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
 * connected again, no lane uses what it reads; only the last healthy child is believed all the same. Of a nexus that reserves its
 * children ({@link Vigil}) no lane sends it anything either, the last one included, before it is proven that it is nobody else's.
 *
 * <p>After settling, each lane closes its channel to C when its last leg has been answered; when all have, C's device is closed.
 *
 * <h2>How a child comes back</h2>
 *
 * Child D was out, or is new. Lane Y stands for all lanes; segments are pieces of 64 KiB or more.
 *
 * <pre>
 *      operator        home reactor                              lane Y                     record
 *          │                │                                      │ log: what D missed
 *  online  ├───────────────►│ D is OUT_OF_SYNC                     │ (older + newer at its leaving,
 *          │                ├──────── admit D ────────────────────►│  and all changes since)
 *          │                │                                      │ opens its channel; from here on every
 *          │                │◄─────── D's log, or "unknown" ───────┤ change goes to D too, reads do not
 *          │                │ all lanes: to copy = all their logs
 *          │                │ for each segment of those: hold its range ─► read a healthy child ─► write D ─► release;
 *          │                │   where that child holds nothing: make D empty, unless it says that it is
 *          │                │ all are copied: D flushes
 *          │                ├──────── D is in ────────────────────────────────────────────►│
 *          │                │◄─────── recorded ────────────────────────────────────────────┤
 *          │                │ D is OPEN                            │
 *          │                ├──────── D is readable ──────────────►│ reads go to D, its log is dropped
 * </pre>
 *
 * <p>Why no copy is older than an acknowledged change. Take a segment and a change to it. The change holds its range from before its first
 * leg until it is acknowledged, and so does the copy while it is made; so one comes wholly before the other. When the change comes first, it is
 * on every child that may be read, hence on the source, and the copy brings it along. When it comes after the copy, it began after every
 * lane had let D in: it goes to D itself. What need not be copied was not changed since D's last flush before it left; that, D still has.
 *
 * <p>A change that fails on D takes it out as on any other child, and is withheld until every lane knows. D's log is dropped only when D is
 * readable, so a rebuild that ends in the middle, for whatever reason, leaves the whole log: the next one begins with that, and whatever was
 * changed meanwhile. A child without a log is copied as a whole.
 *
 * <h2>The write log</h2>
 *
 * It runs always, for all children at once, and becomes a child's own when that leaves: see {@link
 * io.tenon.nexus.internal.WriteLog}. So it cannot start too late. {@link io.tenon.nexus.internal.Checkpoint} keeps it short.
 *
 * <h2>From one version of the bundle to the next</h2>
 *
 * The slot of the nexus' device drains: nothing of hosts is under way. Then {@link io.tenon.nexus.internal.Leaving} brings the rest to an end, {@link
 * io.tenon.nexus.internal.LeftNexus} is what remains, and {@link io.tenon.nexus.internal.TakingUp} makes a nexus of it, in another version of this bundle. Nothing
 * of the old one is used by the new one, and nothing is promised anew: a child is in, out or in between exactly as it was, unless something
 * happened to its device in between.
 *
 * <h2>The order of changes</h2>
 *
 * A write, zeroing, unmap or compare-and-write holds its range in the {@link io.tenon.nexus.internal.RangeLock} from before the first
 * leg until just before the acknowledgement; a read waits once for each granule that is held when it begins. So compare-and-write is
 * atomic over all reactors and children: it holds, reads one child, compares here, writes all. Long unmaps and zeroings go in pieces. A
 * rebuild's copy holds its range for changes only: reads do not wait for it, as nobody reads the destination.
 */
@NullMarked
package io.tenon.nexus.internal;

import org.jspecify.annotations.NullMarked;
