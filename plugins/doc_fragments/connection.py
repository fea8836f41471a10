# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Elasticsearch is and how to speak with it: the options of every module."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  elasticsearch_url:
    description:
      - Base URLs of the nodes of the cluster, for example V(https://es.example.com:9200). A path is kept.
      - The nodes are tried in order. The one that takes the connection is used for the rest of the task.
      - One of O(elasticsearch_url) and O(elasticsearch_cloud_id) is required.
      - If not given, the environment variable E(ELASTICSEARCH_URL) of the machine the module runs on is used, there
        separated by commas. The same holds for the variables of the other options. An empty variable counts as not set.
        An option of the task wins over another way to say the same in the environment.
    type: list
    elements: str
  elasticsearch_cloud_id:
    description:
      - The Cloud ID of a deployment of Elastic Cloud, instead of O(elasticsearch_url).
      - If not given, E(ELASTICSEARCH_CLOUD_ID) is used.
    type: str
  elasticsearch_username:
    description:
      - The user for basic authentication, together with O(elasticsearch_password).
      - If not given, E(ELASTICSEARCH_USERNAME) is used.
    type: str
  elasticsearch_password:
    description:
      - The password of O(elasticsearch_username). The user needs the privileges that O(elasticsearch_api_key) names.
      - If not given, E(ELASTICSEARCH_PASSWORD) is used.
    type: str
  elasticsearch_api_key:
    description:
      - An API key of Elasticsearch, in its encoded form or as C(id:secret).
      - Reading needs the cluster privilege C(monitor_inference), writing C(manage_inference). To change an endpoint in
        place, the module asks for the version of the server, for which it needs C(monitor). Without it, the newest is
        assumed, with a warning.
      - It is not the key of the provider of the model, which is part of the endpoint.
      - If not given, E(ELASTICSEARCH_API_KEY) is used.
    type: str
  elasticsearch_bearer_token:
    description:
      - A token of the token service, of a service account, or a JWT. Whom it belongs to needs the privileges that
        O(elasticsearch_api_key) names.
      - If not given, E(ELASTICSEARCH_BEARER_TOKEN) is used.
    type: str
  ca_path:
    description:
      - A file with the certificates, or a directory with hashed certificates, of the CAs that are trusted, on the
        machine the module runs on.
      - Without it, those that C(requests) trusts, or the ones E(REQUESTS_CA_BUNDLE) names.
      - If not given, E(ELASTICSEARCH_CA_PATH) is used.
    type: path
  ca_fingerprint:
    description:
      - The SHA-256 fingerprint of the certificate that the server shows, in hexadecimal digits, with colons or without.
        Without O(ca_path), the certificate is trusted for its fingerprint alone. With it, both have to be right.
      - Or that of the CA which the server sends together with it, as Elasticsearch prints it at its first start. That
        CA is trusted then, and no other. This needs Python 3.10 or later on the host where the module runs.
      - It is compared before anything else is sent, directly and through a proxy.
      - If not given, E(ELASTICSEARCH_CA_FINGERPRINT) is used.
    type: str
  client_cert:
    description:
      - A file in PEM format with the certificate to show to the server, on the machine the module runs on.
        It may hold the key as well.
      - If not given, E(ELASTICSEARCH_CLIENT_CERT) is used.
    type: path
  client_key:
    description:
      - A file in PEM format with the key of O(client_cert), without a passphrase.
      - If not given, E(ELASTICSEARCH_CLIENT_KEY) is used.
    type: path
  validate_certs:
    description:
      - Whether the certificate of the server is verified. V(false) leaves the connection open to everyone on its way.
      - If not given, E(ELASTICSEARCH_VALIDATE_CERTS) is used.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to wait for the response to a request. At most 86400, which is a day. At most 10 of them are spent on
        the connection.
      - When an endpoint is created or changed, Elasticsearch waits for the provider of the model. If the version of the
        server has a parameter for that, the module tells it to wait a little less than this timeout. Creates have it
        in 8.19, and in 9.1 or later. Updates have it in 9.5 or later. Other versions wait up to 30 seconds.
      - If not given, E(ELASTICSEARCH_TIMEOUT) is used.
    type: float
    default: 130
  retries:
    description:
      - How many times to retry a request after a temporary error. These are a connection that was refused or lost, and
        the statuses 429, 502, 503 and 504. A write is also retried if the provider of the model has a temporary fault
        (429, 5xx, 529, or no response in time), and if another update of the endpoint is in progress. Other errors are
        not retried, for example those of TLS, of authentication, or of a provider that rejects the API key.
      - The pauses grow, each at random between half and all of 1, 2, 4 seconds and so on. C(Retry-After) is respected
        up to 60 seconds. All pauses of a task together take at most O(timeout) seconds, and a request that ran into
        O(timeout) is not retried. The task warns if a request was retried.
      - If there are several nodes, the next one gets the request first, and all of them are retried after a pause.
        Reads go to the next node after these errors, and if TLS with a node fails, which is a warning. Writes go there
        if nothing was sent, or after the statuses 429 and 503, which mean that nothing was done.
      - If not given, E(ELASTICSEARCH_RETRIES) is used.
    type: int
    default: 3
  headers:
    description:
      - Further headers of every request.
      - The value of a header is hidden if its name says that it is a credential. Such names contain the word
        C(authorization), C(authentication), C(auth), C(cookie), C(key), C(token), C(secret), C(password), C(credential)
        or a similar one. All other values are shown.
      - If not given, E(ELASTICSEARCH_HEADERS) is used, there as JSON.
    type: dict
notes:
  - The module runs where the task runs. With C(connection=local), or C(delegate_to=localhost), only that machine has to
    reach Elasticsearch and has to have C(requests).
requirements:
  - python >= 3.8
  - requests >= 2.28
"""
