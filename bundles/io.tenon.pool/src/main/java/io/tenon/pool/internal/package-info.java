/**
 * The pools of a node. {@code PoolService} knows them by name; {@code ServedPool} is one with its disk and store, {@code
 * ServedReplica} a blob with its block device and share. What attributes mean is in {@code Lvol}, who needs whom in {@code Census}.
 */
@NullMarked
package io.tenon.pool.internal;

import org.jspecify.annotations.NullMarked;
