/**
 * The store of one machine: all entries in memory, every batch of transactions in a journal before it is answered.
 *
 * <pre>
 * callers ─► Committer (one thread) ─► Journal ─► Folder (write, fdatasync)
 *                  └─► State (published when durable) ─► watches
 * </pre>
 */
@NullMarked
package io.tenon.metadata.embedded.internal;

import org.jspecify.annotations.NullMarked;
