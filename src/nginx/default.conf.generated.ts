// @ts-nocheck
// Made from default.conf.hbs by `npm run template`: change that, not this.
/** The parts of the built-in template in their order, each compiled: for `Handlebars.template`. */
export const partials = {
  head: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\nserver_names_hash_bucket_size "
    + ((stack1 = alias2(alias1(lookupProperty(depth0,"serverNamesHash"), "bucketSize", {"start":{"line":4,"column":32},"end":{"line":4,"column":58}} ), depth0)) != null ? stack1 : "")
    + ";\nserver_names_hash_max_size "
    + ((stack1 = alias2(alias1(lookupProperty(depth0,"serverNamesHash"), "maxSize", {"start":{"line":5,"column":29},"end":{"line":5,"column":52}} ), depth0)) != null ? stack1 : "")
    + ";\n";
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "map_hash_bucket_size "
    + ((stack1 = alias2(alias1(lookupProperty(depth0,"mapHash"), "bucketSize", {"start":{"line":8,"column":23},"end":{"line":8,"column":41}} ), depth0)) != null ? stack1 : "")
    + ";\nmap_hash_max_size "
    + ((stack1 = alias2(alias1(lookupProperty(depth0,"mapHash"), "maxSize", {"start":{"line":9,"column":20},"end":{"line":9,"column":35}} ), depth0)) != null ? stack1 : "")
    + ";\n";
},"2":function(container,depth0,helpers,partials,data) {
    return "\n# gRPC is HTTP/2; a connection that does not begin so is HTTP/1.1 as before.\nhttp2 on;\n";
},"3":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"accessLog"),{"name":"each","hash":{},"fn":container.program(4, data, 0),"inverse":container.noop,"loc":{"start":{"line":18,"column":0},"end":{"line":20,"column":9}}})) != null ? stack1 : "");
},"4":function(container,depth0,helpers,partials,data) {
    var stack1;

  return ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + "\n";
},"5":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=depth0 != null ? depth0 : (container.nullContext || {}), lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# What these proxies say of their clients is believed, the first element of a list; what anybody else says is overwritten.\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"trustedProxies"),{"name":"each","hash":{},"fn":container.program(6, data, 0),"inverse":container.noop,"loc":{"start":{"line":39,"column":0},"end":{"line":41,"column":9}}})) != null ? stack1 : "")
    + "real_ip_header X-Forwarded-For;\nreal_ip_recursive on;\ngeo $realip_remote_addr $hotroute_trusted {\n    default 0;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"trustedProxies"),{"name":"each","hash":{},"fn":container.program(7, data, 0),"inverse":container.noop,"loc":{"start":{"line":46,"column":0},"end":{"line":48,"column":9}}})) != null ? stack1 : "")
    + "}\nmap \"$hotroute_trusted $http_x_forwarded_proto\" $hotroute_proto {\n    default $scheme;\n    \"1 http\" http;\n    \"1 https\" https;\n    \"~*^1 http *,\" http;\n    \"~*^1 https *,\" https;\n}\nmap \"$hotroute_trusted $http_x_forwarded_port\" $hotroute_port {\n    default $hotroute_named_port;\n    \"1 80\" 80;\n    \"1 443\" 443;\n    \"1 \" $hotroute_named_port;\n    \"~^1 (?<hotroute_forwarded_port>[1-9][0-9]{0,4})(?: *,|$)\" $hotroute_forwarded_port;\n}\n# Few proxies send these: who sent one is looked at only where there is one.\nmap $http_x_forwarded_host $hotroute_host {\n    default $hotroute_told_host;\n    \"\" $host;\n}\nmap \"$hotroute_trusted $http_x_forwarded_host\" $hotroute_told_host {\n    default $host;\n    \"~^1 (?<hotroute_forwarded_host>[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?(?: *,|$)\" $hotroute_forwarded_host;\n}\nmap $http_x_request_id $hotroute_request_id {\n    default $hotroute_told_id;\n    \"\" $request_id;\n}\nmap \"$hotroute_trusted $http_x_request_id\" $hotroute_told_id {\n    default $request_id;\n    \"~^1 (?<hotroute_forwarded_id>[A-Za-z0-9._-]{1,128})$\" $hotroute_forwarded_id;\n}\nmap $http_x_forwarded_prefix $hotroute_prefix {\n    default $hotroute_told_prefix;\n    \"\" \"\";\n}\nmap \"$hotroute_trusted $http_x_forwarded_prefix\" $hotroute_told_prefix {\n    default \"\";\n    \"~^1 (?<hotroute_forwarded_prefix>/[A-Za-z0-9._~/-]{0,253})$\" $hotroute_forwarded_prefix;\n}\n";
},"6":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "set_real_ip_from "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"7":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + " 1;\n";
},"8":function(container,depth0,helpers,partials,data) {
    return "\nmap \"\" $hotroute_proto { default $scheme; }\nmap \"\" $hotroute_host { default $host; }\nmap \"\" $hotroute_port { default $hotroute_named_port; }\nmap \"\" $hotroute_request_id { default $request_id; }\nmap \"\" $hotroute_prefix { default \"\"; }\n";
},"9":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "map \"$request_port "
    + ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"trustedProxies"),{"name":"if","hash":{},"fn":container.program(10, data, 0),"inverse":container.program(11, data, 0),"loc":{"start":{"line":100,"column":19},"end":{"line":100,"column":78}}})) != null ? stack1 : "")
    + "\" $hotroute_named_port {\n    default $request_port;\n    \" http\" 80;\n    \" https\" 443;\n}\n";
},"10":function(container,depth0,helpers,partials,data) {
    return "$hotroute_proto";
},"11":function(container,depth0,helpers,partials,data) {
    return "$scheme";
},"12":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "map "
    + ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"trustedProxies"),{"name":"if","hash":{},"fn":container.program(10, data, 0),"inverse":container.program(11, data, 0),"loc":{"start":{"line":106,"column":4},"end":{"line":106,"column":63}}})) != null ? stack1 : "")
    + " $hotroute_scheme_port {\n    default 80;\n    https 443;\n}\nmap $http_host $hotroute_named_port {\n    default $hotroute_scheme_port;\n    \"~:[0-9]+$\" $hotroute_checked_port;\n}\n# A port of another host than the one that is asked for (RFC 9112, 3.2.2) is none.\nmap \"$host $http_host\" $hotroute_checked_port {\n    default $hotroute_scheme_port;\n    \"~*^(?<hotroute_named_host>[^ ]+) \\k<hotroute_named_host>:(?<hotroute_host_port>[1-9][0-9]{0,4})$\" $hotroute_host_port;\n}\n";
},"13":function(container,depth0,helpers,partials,data) {
    var stack1;

  return ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"14":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# A preflight is a browser's question whether another site's page may ask. Which origins may, each route says.\nmap \"$request_method $http_origin $http_access_control_request_method\" $hotroute_preflight {\n    default \"\";\n    \"~^OPTIONS [^ ]+ [^ ]+$\" 1;\n}\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"originMaps"),{"name":"each","hash":{},"fn":container.program(15, data, 0),"inverse":container.noop,"loc":{"start":{"line":133,"column":0},"end":{"line":142,"column":9}}})) != null ? stack1 : "");
},"15":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"variable"),{"name":"if","hash":{},"fn":container.program(16, data, 0),"inverse":container.noop,"loc":{"start":{"line":134,"column":0},"end":{"line":141,"column":7}}})) != null ? stack1 : "");
},"16":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "map $http_origin "
    + ((stack1 = container.lambda(container.strict(depth0, "variable", {"start":{"line":135,"column":19},"end":{"line":135,"column":32}} ), depth0)) != null ? stack1 : "")
    + " {\n    default \"\";\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"patterns"),{"name":"each","hash":{},"fn":container.program(17, data, 0),"inverse":container.noop,"loc":{"start":{"line":137,"column":0},"end":{"line":139,"column":9}}})) != null ? stack1 : "")
    + "}\n";
},"17":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + " $http_origin;\n";
},"18":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"limitZones"),{"name":"each","hash":{},"fn":container.program(4, data, 0),"inverse":container.noop,"loc":{"start":{"line":146,"column":0},"end":{"line":148,"column":9}}})) != null ? stack1 : "");
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=depth0 != null ? depth0 : (container.nullContext || {}), lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "# Made by hotroute from labelled Services. What is changed here by hand is overwritten.\n"
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"serverNamesHash"),{"name":"if","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":2,"column":0},"end":{"line":6,"column":7}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"mapHash"),{"name":"if","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":7,"column":0},"end":{"line":10,"column":7}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"hasGrpc"),{"name":"if","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":11,"column":0},"end":{"line":15,"column":7}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"accessLog"),{"name":"if","hash":{},"fn":container.program(3, data, 0),"inverse":container.noop,"loc":{"start":{"line":16,"column":0},"end":{"line":21,"column":7}}})) != null ? stack1 : "")
    + "\n# What a request needs here fits in one piece of memory instead of three.\nrequest_pool_size 16k;\n\n# WebSocket upgrades are passed on. No other is: h2c would be a tunnel past the routes. An empty Connection header leaves\n# the connection to the upstream open for the next request.\nmap $http_upgrade $hotroute_upgrade {\n    default \"\";\n    \"~*^websocket$\" websocket;\n}\nmap $hotroute_upgrade $hotroute_connection {\n    default \"\";\n    websocket upgrade;\n}\n"
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"trustedProxies"),{"name":"if","hash":{},"fn":container.program(5, data, 0),"inverse":container.program(8, data, 0),"loc":{"start":{"line":36,"column":0},"end":{"line":96,"column":7}}})) != null ? stack1 : "")
    + "\n# The port as the client named it, else that of the scheme: the Pod's own port is nobody's business.\n"
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"hasRequestPort"),{"name":"if","hash":{},"fn":container.program(9, data, 0),"inverse":container.program(12, data, 0),"loc":{"start":{"line":99,"column":0},"end":{"line":119,"column":7}}})) != null ? stack1 : "")
    + "\nproxy_http_version 1.1;\nproxy_connect_timeout 5s;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"proxyHeaders"),{"name":"each","hash":{},"fn":container.program(13, data, 0),"inverse":container.noop,"loc":{"start":{"line":123,"column":0},"end":{"line":125,"column":9}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"originMaps"),{"name":"if","hash":{},"fn":container.program(14, data, 0),"inverse":container.noop,"loc":{"start":{"line":126,"column":0},"end":{"line":143,"column":7}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"limitZones"),{"name":"if","hash":{},"fn":container.program(18, data, 0),"inverse":container.noop,"loc":{"start":{"line":144,"column":0},"end":{"line":149,"column":7}}})) != null ? stack1 : "");
}},
  upstreams: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# 4 s is less than the 5 s after which common backends hang up: no request may meet a connection being closed.\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"upstreams"),{"name":"each","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":4,"column":0},"end":{"line":12,"column":9}}})) != null ? stack1 : "");
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "upstream "
    + ((stack1 = container.lambda(container.strict(depth0, "name", {"start":{"line":5,"column":11},"end":{"line":5,"column":15}} ), depth0)) != null ? stack1 : "")
    + " {\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"addresses"),{"name":"each","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":6,"column":0},"end":{"line":8,"column":9}}})) != null ? stack1 : "")
    + "    keepalive 32;\n    keepalive_timeout 4s;\n}\n";
},"2":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    server "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"upstreams"),{"name":"if","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":1,"column":0},"end":{"line":13,"column":7}}})) != null ? stack1 : "");
}},
  sharedServers: {"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = container.invokePartial(lookupProperty(partials,"sharedBlocks"),depth0,{"name":"sharedBlocks","helpers":helpers,"partials":partials,"decorators":container.decorators})) != null ? stack1 : "")
    + ((stack1 = container.invokePartial(lookupProperty(partials,"sharedAddresses"),depth0,{"name":"sharedAddresses","helpers":helpers,"partials":partials,"decorators":container.decorators})) != null ? stack1 : "")
    + ((stack1 = container.invokePartial(lookupProperty(partials,"sharedNames"),depth0,{"name":"sharedNames","helpers":helpers,"partials":partials,"decorators":container.decorators})) != null ? stack1 : "");
},"usePartial":true},
  sharedAddresses: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# Which address is the Service's: for its second request, and in groups whose hosts are too long or too many to be routes.\nmap $host $hotroute_address {\n    default \"\";\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"each","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":6,"column":0},"end":{"line":10,"column":9}}})) != null ? stack1 : "")
    + "}\n";
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"members"),{"name":"each","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":7,"column":0},"end":{"line":9,"column":9}}})) != null ? stack1 : "");
},"2":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    "
    + ((stack1 = alias2(alias1(depth0, "host", {"start":{"line":8,"column":6},"end":{"line":8,"column":15}} ), depth0)) != null ? stack1 : "")
    + " "
    + ((stack1 = alias2(alias1(depth0, "address", {"start":{"line":8,"column":20},"end":{"line":8,"column":32}} ), depth0)) != null ? stack1 : "")
    + ";\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"if","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":1,"column":0},"end":{"line":12,"column":7}}})) != null ? stack1 : "");
}},
  sharedNames: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"namesShared"),{"name":"if","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":2,"column":0},"end":{"line":13,"column":7}}})) != null ? stack1 : "");
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# The log names the Service's upstream, as it does for hosts with blocks of their own.\nmap $host $hotroute_upstream {\n    default $proxy_host;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"each","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":7,"column":0},"end":{"line":11,"column":9}}})) != null ? stack1 : "")
    + "}\n";
},"2":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"members"),{"name":"each","hash":{},"fn":container.program(3, data, 0),"inverse":container.noop,"loc":{"start":{"line":8,"column":0},"end":{"line":10,"column":9}}})) != null ? stack1 : "");
},"3":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    "
    + ((stack1 = alias2(alias1(depth0, "host", {"start":{"line":9,"column":6},"end":{"line":9,"column":15}} ), depth0)) != null ? stack1 : "")
    + " "
    + ((stack1 = alias2(alias1(depth0, "upstream", {"start":{"line":9,"column":20},"end":{"line":9,"column":33}} ), depth0)) != null ? stack1 : "")
    + ";\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"if","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":1,"column":0},"end":{"line":14,"column":7}}})) != null ? stack1 : "");
}},
  sharedBlocks: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# Hosts of many Services that are routed alike share blocks: each block costs nginx as much as fifty hosts in one. The host\n# tells which of a group's addresses is its Service's; as every server of the group drains, none takes another's requests.\n# By least_conn nginx takes that server at once; by itself it would go through all of them for the next turn, too.\n\n# A connection that was kept open may be closed just as it is used. The request is then sent once more, by a new one, where\n# nothing of it was sent, or where it may be repeated (RFC 9110, 9.2.2) and nothing was answered: nginx itself would look for\n# another server, and there is none for this Service.\nmap \"$request_method $upstream_bytes_sent $upstream_bytes_received\" $hotroute_is_final {\n    default 1;\n    \"~ 0 0$\" \"\";\n    \"~^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE) [0-9]+ 0$\" \"\";\n}\n"
    + ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"each","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":15,"column":0},"end":{"line":42,"column":9}}})) != null ? stack1 : "");
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda, alias3=depth0 != null ? depth0 : (container.nullContext || {}), lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\nupstream "
    + ((stack1 = alias2(alias1(depth0, "name", {"start":{"line":17,"column":11},"end":{"line":17,"column":20}} ), depth0)) != null ? stack1 : "")
    + " {\n    least_conn;\n    sticky route "
    + ((stack1 = alias2(alias1(depth0, "routedBy", {"start":{"line":19,"column":19},"end":{"line":19,"column":32}} ), depth0)) != null ? stack1 : "")
    + ";\n    keepalive 64;\n    keepalive_timeout 4s;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias3,lookupProperty(depth0,"upstreams"),{"name":"each","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":22,"column":0},"end":{"line":24,"column":9}}})) != null ? stack1 : "")
    + "}\nserver {\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias3,lookupProperty(depth0,"listens"),{"name":"each","hash":{},"fn":container.program(3, data, 0),"inverse":container.noop,"loc":{"start":{"line":27,"column":0},"end":{"line":29,"column":9}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"each").call(alias3,lookupProperty(depth0,"serverNames"),{"name":"each","hash":{},"fn":container.program(4, data, 0),"inverse":container.noop,"loc":{"start":{"line":30,"column":0},"end":{"line":32,"column":9}}})) != null ? stack1 : "")
    + "    proxy_next_upstream off;\n    proxy_intercept_errors off;\n    recursive_error_pages off;\n    error_page 502 = @again;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias3,lookupProperty(depth0,"locations"),{"name":"each","hash":{},"fn":container.program(5, data, 0),"inverse":container.noop,"loc":{"start":{"line":37,"column":0},"end":{"line":39,"column":9}}})) != null ? stack1 : "")
    + "    location @again "
    + ((stack1 = alias2(alias1(depth0, "again", {"start":{"line":40,"column":22},"end":{"line":40,"column":32}} ), depth0)) != null ? stack1 : "")
    + "\n}\n";
},"2":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    server "
    + ((stack1 = alias2(alias1(depth0, "address", {"start":{"line":23,"column":13},"end":{"line":23,"column":25}} ), depth0)) != null ? stack1 : "")
    + " route="
    + ((stack1 = alias2(alias1(depth0, "route", {"start":{"line":23,"column":36},"end":{"line":23,"column":46}} ), depth0)) != null ? stack1 : "")
    + " max_fails=0 drain; # "
    + ((stack1 = alias2(alias1(depth0, "name", {"start":{"line":23,"column":72},"end":{"line":23,"column":81}} ), depth0)) != null ? stack1 : "")
    + "\n";
},"3":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    listen "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"4":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    server_name "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"5":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    location "
    + ((stack1 = alias2(alias1(depth0, "pattern", {"start":{"line":38,"column":15},"end":{"line":38,"column":27}} ), depth0)) != null ? stack1 : "")
    + " "
    + ((stack1 = alias2(alias1(depth0, "body", {"start":{"line":38,"column":32},"end":{"line":38,"column":41}} ), depth0)) != null ? stack1 : "")
    + "\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"if").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"sharedServers"),{"name":"if","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":1,"column":0},"end":{"line":43,"column":7}}})) != null ? stack1 : "");
}},
  defaultServer: {"0":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    listen "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + " default_server;\n";
},"1":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    location "
    + ((stack1 = alias2(alias1(depth0, "pattern", {"start":{"line":9,"column":15},"end":{"line":9,"column":22}} ), depth0)) != null ? stack1 : "")
    + " "
    + ((stack1 = alias2(alias1(depth0, "body", {"start":{"line":9,"column":27},"end":{"line":9,"column":31}} ), depth0)) != null ? stack1 : "")
    + "\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=depth0 != null ? depth0 : (container.nullContext || {}), lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\n# Requests for any other host; one without a host goes upstream under this name, which no name server knows (RFC 2606).\nserver {\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"listens"),{"name":"each","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":4,"column":0},"end":{"line":6,"column":9}}})) != null ? stack1 : "")
    + "    server_name hotroute.invalid;\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(lookupProperty(depth0,"defaultServer"),"locations"),{"name":"each","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":8,"column":0},"end":{"line":10,"column":9}}})) != null ? stack1 : "")
    + "}\n";
}},
  servers: {"0":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=depth0 != null ? depth0 : (container.nullContext || {}), lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return "\nserver {\n"
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"listens"),{"name":"each","hash":{},"fn":container.program(1, data, 0),"inverse":container.noop,"loc":{"start":{"line":4,"column":0},"end":{"line":6,"column":9}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"hashedNames"),{"name":"each","hash":{},"fn":container.program(2, data, 0),"inverse":container.noop,"loc":{"start":{"line":7,"column":0},"end":{"line":9,"column":9}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"if").call(alias1,lookupProperty(depth0,"hostCheck"),{"name":"if","hash":{},"fn":container.program(3, data, 0),"inverse":container.noop,"loc":{"start":{"line":10,"column":0},"end":{"line":12,"column":7}}})) != null ? stack1 : "")
    + ((stack1 = lookupProperty(helpers,"each").call(alias1,lookupProperty(depth0,"locations"),{"name":"each","hash":{},"fn":container.program(4, data, 0),"inverse":container.noop,"loc":{"start":{"line":13,"column":0},"end":{"line":15,"column":9}}})) != null ? stack1 : "")
    + "}\n";
},"1":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    listen "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"2":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    server_name "
    + ((stack1 = container.lambda(depth0, depth0)) != null ? stack1 : "")
    + ";\n";
},"3":function(container,depth0,helpers,partials,data) {
    var stack1;

  return "    if ($host !~ \""
    + ((stack1 = container.lambda(container.strict(depth0, "hostCheck", {"start":{"line":11,"column":20},"end":{"line":11,"column":29}} ), depth0)) != null ? stack1 : "")
    + "\") { return 404; }\n";
},"4":function(container,depth0,helpers,partials,data) {
    var stack1, alias1=container.strict, alias2=container.lambda;

  return "    location "
    + ((stack1 = alias2(alias1(depth0, "pattern", {"start":{"line":14,"column":15},"end":{"line":14,"column":22}} ), depth0)) != null ? stack1 : "")
    + " "
    + ((stack1 = alias2(alias1(depth0, "body", {"start":{"line":14,"column":27},"end":{"line":14,"column":31}} ), depth0)) != null ? stack1 : "")
    + "\n";
},"compiler":[8,">= 4.3.0"],"main":function(container,depth0,helpers,partials,data) {
    var stack1, lookupProperty = container.lookupProperty || function(parent, propertyName) {
        if (Object.prototype.hasOwnProperty.call(parent, propertyName)) {
          return parent[propertyName];
        }
        return undefined
    };

  return ((stack1 = lookupProperty(helpers,"each").call(depth0 != null ? depth0 : (container.nullContext || {}),lookupProperty(depth0,"servers"),{"name":"each","hash":{},"fn":container.program(0, data, 0),"inverse":container.noop,"loc":{"start":{"line":1,"column":0},"end":{"line":17,"column":9}}})) != null ? stack1 : "");
}},
};
