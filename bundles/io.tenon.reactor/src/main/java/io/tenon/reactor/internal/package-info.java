/** The real event loop, on epoll(7) and raw file descriptors. */
@NullMarked
package io.tenon.reactor.internal;

import org.jspecify.annotations.NullMarked;
