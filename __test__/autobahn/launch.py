# Runs wstest with two changes. Its server listens only on the loopback interface, on a port that the system chooses and
# this script prints. The process ends with its standard input, and so with its parent.
import os
import sys
import threading

from autobahntestsuite import fuzzing, wstest
from twisted.internet import reactor


def listen_on_loopback(factory, context_factory=None):
    port = reactor.listenTCP(0, factory, interface='127.0.0.1').getHost().port
    # The opening handshake compares the Host header with the port of the URL.
    factory.setSessionParameters(url='ws://127.0.0.1:%d' % port, server=factory.server)
    print 'Listening on port %d' % port


def end_with_parent():
    while os.read(0, 4096):
        pass
    os._exit(1)


watcher = threading.Thread(target=end_with_parent)
watcher.daemon = True
watcher.start()

fuzzing.listenWS = listen_on_loopback
sys.exit(wstest.run())
