# A cache in front of a bucket, as eager as a CDN may be: lastly must tell it when the manifest changes.
vcl 4.1;

backend bucket {
    .host = "127.0.0.1";
    .port = "$backend_port";
}

acl purgers {
    "127.0.0.1";
}

sub vcl_recv {
    if (req.url == "/_lastly/up") {
        return (synth(200));
    }
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(405, "Not allowed"));
        }
        return (purge);
    }
}

# By the path alone, whatever name the cache is called by.
sub vcl_hash {
    hash_data(req.url);
    return (lookup);
}

# As CloudFront's origin access control signs its requests, so that the bucket need not be public. moto checks no
# signature, only that there is one.
sub vcl_backend_fetch {
    set bereq.http.Authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
}

# Cache-Control is passed on but not obeyed: what is cached stays until it is purged. Errors are cached as long as
# CloudFront caches them when nothing else is said.
sub vcl_backend_response {
    set beresp.grace = 0s;
    if (beresp.status == 200) {
        set beresp.ttl = 1d;
    } else {
        set beresp.ttl = 10s;
    }
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "Hit";
    } else {
        set resp.http.X-Cache = "Miss";
    }
}
