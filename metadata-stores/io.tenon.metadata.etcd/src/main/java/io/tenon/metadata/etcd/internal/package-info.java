/**
 * The store of a cluster: etcd, through gRPC.
 *
 * <pre>
 * EtcdStore ─► Transactions, Ranges ─┐
 * EtcdWatch (a thread each) ─────────┼─► Calls ─► Endpoints ─► etcd
 * EtcdLease (a thread each) ─────────┘
 * </pre>
 *
 * {@link io.tenon.metadata.etcd.internal.Calls} decides what a caller is told when something fails; the others know etcd's messages.
 */
@NullMarked
package io.tenon.metadata.etcd.internal;

import org.jspecify.annotations.NullMarked;
